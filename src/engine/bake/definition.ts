// All files of a bake as one definition: HCL and JSON together, as they share variables; compose files below them.
import { formatPlatform, hostPlatform } from '../../oci/platform.ts';
import type { Ctx } from '../../sys/context.ts';
import { defineAll } from './define.ts';
import type { BakeFile } from './files.ts';
import type { Body } from './hcl/ast.ts';
import { parseHcl } from './hcl/body.ts';
import { parseJsonFile } from './json-file.ts';
import { mergeFields } from './merge.ts';
import type { BakeDefinition, BakeGroup, BakeTarget } from './model.ts';
import { createVariables } from './variables.ts';

/** `variables`: of `--var`, which stand before the environment. Throws ERR_BAKE_FILE. */
export async function readDefinition(
  { env }: Pick<Ctx, 'env'>,
  files: readonly BakeFile[],
  variables: Readonly<Record<string, string>> = {},
): Promise<BakeDefinition> {
  const compose = files.filter(({ kind }) => kind === 'compose');
  const bodies: Body[] = files
    .filter(({ kind }) => kind !== 'compose')
    .map(({ name, kind, text }) => (kind === 'json' ? parseJsonFile(text, name) : parseHcl(text, name)));
  const { scope, check } = createVariables(bodies, {
    given: (name) => variables[name] ?? env[name],
    known: { BAKE_CMD_CONTEXT: 'cwd://', BAKE_LOCAL_PLATFORM: formatPlatform(hostPlatform()) },
  });
  const defined = defineAll(bodies, scope);
  const fromCompose = compose.length > 0 ? await (await import('./compose.ts')).composeTargets(compose, env) : { targets: [], groups: [] };
  return {
    variables: check(),
    targets: mergedTargets([...fromCompose.targets, ...defined.targets]),
    groups: mergedGroups([...fromCompose.groups, ...defined.groups]),
  };
}

function mergedTargets(targets: readonly BakeTarget[]): Map<string, BakeTarget> {
  const merged = new Map<string, BakeTarget>();
  for (const target of targets) {
    const before = merged.get(target.name);
    // A block of a name that is there overrides: lists that inheritance makes grow are replaced, too.
    merged.set(target.name, before ? { ...target, fields: mergeFields(before.fields, target.fields) } : target);
  }
  return merged;
}

const mergedGroups = (groups: readonly BakeGroup[]): Map<string, BakeGroup> => new Map(groups.map((group) => [group.name, group]));
