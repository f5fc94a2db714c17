// BuildKit's lint rules by name: what each is about, in a sentence, and where it is explained. Those marked experimental hold only where the
// file or the caller asks for them.
import type { CheckOptions, LintNote, Span } from '../../dockerfile/ast.ts';

interface Rule {
  description: string;
  isExperimental?: boolean;
}

const RULES = {
  StageNameCasing: { description: 'Names of stages are written in lower case' },
  FromAsCasing: { description: "The word 'as' is written in the case of the word 'from'" },
  NoEmptyContinuation: { description: 'Empty lines within a continued line will be refused one day' },
  ConsistentInstructionCasing: { description: 'All instructions of a Dockerfile are written in one case' },
  DuplicateStageName: { description: 'Each stage has a name of its own' },
  ReservedStageName: { description: 'No stage is named "context" or "scratch"' },
  JSONArgsRecommended: { description: 'CMD and ENTRYPOINT in JSON form, so that signals reach the program and not a shell' },
  MaintainerDeprecated: { description: 'MAINTAINER is out of use: the label org.opencontainers.image.authors names an author' },
  UndefinedArgInFrom: { description: 'Variables in FROM are declared by an ARG before it' },
  WorkdirRelativePath: { description: 'The first WORKDIR of a stage is absolute: a relative one depends on the base image' },
  UndefinedVar: { description: 'Variables are declared before they are used' },
  MultipleInstructionsDisallowed: { description: 'Of CMD, ENTRYPOINT and HEALTHCHECK a stage has one each: the last is what counts' },
  LegacyKeyValueFormat: { description: 'Names and values are joined by =, not by a blank' },
  RedundantTargetPlatform: { description: 'The target platform is what FROM takes anyway' },
  SecretsUsedInArgOrEnv: { description: 'Nothing secret in ARG or ENV: it can be read from the image' },
  InvalidDefaultArgInFrom: { description: 'The defaults of the global ARGs alone make valid image names' },
  FromPlatformFlagConstDisallowed: { description: 'A constant platform in FROM keeps the image from being built for others' },
  CopyIgnoredFile: { description: 'COPY and ADD name nothing that .dockerignore leaves out' },
  InvalidDefinitionDescription: {
    description: 'A comment right above an ARG or FROM begins with the name that it describes',
    isExperimental: true,
  },
  InvalidBaseImagePlatform: { description: 'The image in the store is for the platform that the stage is built for' },
  ExposeProtoCasing: { description: 'The protocol in EXPOSE is written in lower case' },
  ExposeInvalidFormat: { description: 'EXPOSE names a port of the container: no address, no port of the host' },
} satisfies Record<string, Rule>;

export type RuleName = keyof typeof RULES;

export const RULE_NAMES: readonly string[] = Object.keys(RULES);

/** Takes a rule's finding. */
export type Report = (rule: RuleName, span: Span, message: string) => void;

/** What a rule is about; '' for a name that is none. */
export const ruleDescription = (name: string): string => Object.entries(RULES).find(([rule]) => rule === name)?.[1].description ?? '';

/** A note of `rule`, or undefined where `check` leaves that rule out. */
export function noteOf(
  rule: RuleName,
  { span, message, check }: { span: Span; message: string; check: CheckOptions },
): LintNote | undefined {
  const { isExperimental = false }: Rule = RULES[rule];
  if (names(check.skip, rule) || (isExperimental && !names(check.experimental, rule))) return undefined;
  const page = rule.replace(/(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '-').toLowerCase();
  return { rule, message, url: `https://docs.docker.com/go/dockerfile/rule/${page}/`, span };
}

const names = (list: readonly string[], rule: string): boolean =>
  list.some((name) => name === 'all' || name.toLowerCase() === rule.toLowerCase());
