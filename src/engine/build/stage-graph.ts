// Which stages a Dockerfile has, what each is built on and what else it reads, found out before anything runs: so unknown stages and circles are
// said at once, stages that nobody needs are known, and what is needed can be begun early. The values of ARGs before the first FROM are
// part of it, since FROM words are made of them.
import { parsePlatform } from '../../oci/platform.ts';
import type { Platform } from '../../storage/records.ts';
import { EngineError } from '../../sys/errors.ts';
import type { Dockerfile, Instruction, Span, Stage } from '../dockerfile/ast.ts';
import { DockerfileProblem, didYouMean, located } from '../dockerfile/problem.ts';
import { expandWord, type Variables } from '../dockerfile/words.ts';
import type { NamedContext } from './model.ts';

/** Where files, or a stage's beginning, come from. */
export type Source =
  | { kind: 'scratch' }
  | { kind: 'stage'; node: StageNode }
  | { kind: 'context'; name: string; context: NamedContext }
  | { kind: 'image'; reference: string };

export interface StageNode {
  stage: Stage;
  index: number;
  /** As progress names it: its name, `stage-1`, or '' when it is the only one. */
  label: string;
  base: Source;
  /** As written, variables replaced. */
  baseWord: string;
  /** Of --platform. */
  platform?: Platform | undefined;
  /** A named context stands in its place: what the file says of it does not count. */
  isReplaced: boolean;
}

export interface StageGraph {
  dockerfile: Dockerfile;
  /** What ARG finds where neither the stage nor --build-arg gives a value. */
  globals: Variables;
  nodes: StageNode[];
  target: StageNode;
  /** What a word of `--from` means. Throws a DockerfileProblem. */
  source(word: string): Source;
}

export interface GraphOptions {
  /** Platform variables of this build. */
  platformArgs: Variables;
  buildArgs: Readonly<Record<string, string>>;
  namedContexts: Readonly<Record<string, NamedContext>>;
  target: string | undefined;
}

/** Throws ERR_DOCKERFILE, and ERR_NO_SUCH_STAGE for a target that is not there. */
export function stageGraph(dockerfile: Dockerfile, options: GraphOptions): StageGraph {
  const { namedContexts } = options;
  const rules = { escape: dockerfile.directives.escape };
  const globals = globalArgs(dockerfile, options);
  const nodes: StageNode[] = [];
  const byName = new Map<string, StageNode>();

  for (const stage of dockerfile.stages) {
    located(dockerfile, stage.span, () => {
      const node = nodeOf(stage);
      nodes.push(node);
      if (stage.name !== undefined) byName.set(stage.name, node);
    });
  }
  const [only] = nodes;
  if (only && nodes.length === 1) only.label = '';
  for (const node of nodes) refuseCircle(node);
  return { dockerfile, globals, nodes, target: targetOf(), source };

  function nodeOf(stage: Stage): StageNode {
    const { index, name } = stage;
    const replaced = name === undefined ? undefined : contextNamed(name);
    if (replaced)
      return { stage: { ...stage, instructions: [] }, index, label: name ?? '', baseWord: name ?? '', base: replaced, isReplaced: true };
    const baseWord = expandWord(stage.base, globals, rules);
    if (baseWord === '') throw new DockerfileProblem(`base name (${stage.base}) should not be blank`);
    const label = name ?? `stage-${index}`;
    const platform = stage.platform === undefined ? undefined : platformWord(stage.platform);
    return { stage, index, label, baseWord, platform, base: baseOf(baseWord), isReplaced: false };
  }

  function baseOf(word: string): Source {
    const stage = byName.get(word.toLowerCase());
    if (stage) return { kind: 'stage', node: stage };
    return contextNamed(word) ?? (word === 'scratch' ? { kind: 'scratch' } : { kind: 'image', reference: word });
  }

  function platformWord(raw: string): Platform {
    const word = expandWord(raw, globals, rules);
    if (word === '') throw new DockerfileProblem(`empty platform value from expression ${raw}${unsetHint(raw)}`);
    try {
      return parsePlatform(word);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      throw new DockerfileProblem(`failed to parse platform ${raw}: ${error.message}`);
    }
  }

  function unsetHint(raw: string): string {
    const [, variable] = /\$\{?(\w+)/.exec(raw) ?? [];
    return variable === undefined ? '' : didYouMean(variable, [...globals.keys()]);
  }

  function contextNamed(word: string): Source | undefined {
    for (const name of [word, word.toLowerCase(), ...imageNames(word)]) {
      const context = Object.hasOwn(namedContexts, name) ? namedContexts[name] : undefined;
      if (context?.kind === 'image') return { kind: 'image', reference: context.reference };
      if (context) return { kind: 'context', name, context };
    }
    return undefined;
  }

  function source(word: string): Source {
    if (/^\d+$/.test(word)) {
      const node = nodes[Number(word)];
      if (!node) throw new DockerfileProblem(`invalid stage index ${word}`);
      return asSource(node);
    }
    const node = byName.get(word.toLowerCase());
    if (node) return asSource(node);
    return contextNamed(word) ?? (word === 'scratch' ? { kind: 'scratch' } : { kind: 'image', reference: word });
  }

  function asSource(node: StageNode): Source {
    return node.isReplaced ? node.base : { kind: 'stage', node };
  }

  function targetOf(): StageNode {
    const last = nodes.at(-1);
    if (!last) throw new EngineError('ERR_DOCKERFILE', 'file with no instructions');
    const { target } = options;
    if (target === undefined || target === '') return last;
    const node = byName.get(target.toLowerCase()) ?? (/^\d+$/.test(target) ? nodes[Number(target)] : undefined);
    if (node) return node;
    const names = [...byName.keys()];
    throw new EngineError('ERR_NO_SUCH_STAGE', `target stage "${target}" could not be found${didYouMean(target, names)}`, {
      hint:
        names.length > 0 ? `"${dockerfile.name}" has: ${names.join(', ')}` : `"${dockerfile.name}" names no stage: add AS NAME to a FROM`,
    });
  }

  /** A stage may read only what comes before it: itself or a later one is a circle, or out of order. */
  function refuseCircle(node: StageNode): void {
    for (const { span, words } of readSources(node.stage.instructions)) {
      located(dockerfile, span, () => {
        for (const word of words) {
          const found = source(word);
          if (found.kind !== 'stage' || found.node.index < node.index) continue;
          if (found.node === node || reaches(found.node, node)) {
            throw new DockerfileProblem(`circular dependency detected on stage: ${found.node.stage.name ?? found.node.label}`);
          }
          throw new DockerfileProblem(
            `cannot copy from stage "${word}", it needs to be defined before current stage "${node.stage.name ?? node.label}"`,
          );
        }
      });
    }
  }

  function reaches(from: StageNode, to: StageNode, seen = new Set<StageNode>()): boolean {
    if (from === to) return true;
    if (seen.has(from)) return false;
    seen.add(from);
    if (from.base.kind === 'stage' && reaches(from.base.node, to, seen)) return true;
    return readSources(from.stage.instructions).some(({ words }) =>
      words.some((word) => {
        const found = source(word);
        return found.kind === 'stage' && reaches(found.node, to, seen);
      }),
    );
  }
}

/** The words by which instructions name what they read files of: `--from` of COPY, `from=` of mounts. */
export function readSources(instructions: readonly Instruction[]): { span: Span; words: string[] }[] {
  return instructions.flatMap((instruction) => {
    const { span } = instruction;
    if (instruction.kind === 'copy') return instruction.from === undefined ? [] : [{ span, words: [instruction.from] }];
    if (instruction.kind !== 'run') return [];
    const words = instruction.mounts.flatMap((mount) => /(?:^|,)"?from=([^",]+)/i.exec(mount)?.[1] ?? []);
    return words.length > 0 ? [{ span, words }] : [];
  });
}

function globalArgs(dockerfile: Dockerfile, { platformArgs, buildArgs }: GraphOptions): Map<string, string> {
  const globals = new Map(platformArgs);
  for (const { span, args } of dockerfile.globalArgs) {
    located(dockerfile, span, () => {
      for (const { name, value } of args) {
        const given = Object.hasOwn(buildArgs, name) ? buildArgs[name] : undefined;
        if (given !== undefined) globals.set(name, given);
        else if (value !== undefined) globals.set(name, expandWord(value, globals, { escape: dockerfile.directives.escape }));
      }
    });
  }
  return globals;
}

/** Other spellings of an image's name: `alpine` is `docker.io/library/alpine:latest` too. */
function imageNames(word: string): string[] {
  const [name = '', tag] = /^([^@]*?)(?::([\w.-]+))?$/.exec(word)?.slice(1) ?? [];
  if (name === '') return [];
  const bare = name.replace(/^docker\.io\/(library\/)?/, '');
  const full = bare.includes('/') ? `docker.io/${bare}` : `docker.io/library/${bare}`;
  return [bare, full].flatMap((form) => (tag === undefined || tag === 'latest' ? [form, `${form}:latest`] : [`${form}:${tag}`]));
}
