// From what the files define to what is built: groups taken apart, inheritance and overrides applied, targets that others' contexts name added.
import type { Ctx } from '../../sys/context.ts';
import { suggest } from '../suggest.ts';
import { problem } from './hcl/problem.ts';
import { mergeFields } from './merge.ts';
import type { BakeDefinition, BakeGroup, BakePlan, BakeTarget, PlannedTarget, TargetFields } from './model.ts';
import { checkPatterns, type Override, override } from './overrides.ts';

const LINK = 'target:';

export interface PlanOptions {
  /** Targets and groups; none: `default`. */
  names: readonly string[];
  overrides: readonly Override[];
  env: Ctx['env'];
}

/** Throws ERR_BAKE_FILE, ERR_BAKE_OVERRIDE. */
export function planBake(definition: BakeDefinition, { names, overrides, env }: PlanOptions): BakePlan {
  checkPatterns(overrides, [...definition.targets.keys()]);
  const asked = names.length > 0 ? names : ['default'];
  const planned = new Map<string, PlannedTarget>();
  const groups = new Map<string, BakeGroup>();
  const resolve = (name: string, asker: BakeTarget | undefined): TargetFields => {
    const fields = inherited(definition, name, { path: [], asker });
    return withDefaults(override(name, fields, { overrides, env }));
  };
  const add = (name: string, isLinked: boolean, asker?: BakeTarget): void => {
    const there = planned.get(name);
    if (there) {
      there.isLinked &&= isLinked;
      return;
    }
    const target: PlannedTarget = { name, fields: resolve(name, asker), at: definition.targets.get(name)?.at, isLinked };
    planned.set(name, target);
    for (const linked of linksOf(target)) add(linked, true, target);
  };
  for (const name of asked) {
    const { targets, groups: found } = expandGroup(definition, name);
    for (const target of targets) add(target, false);
    for (const group of found) groups.set(group.name, group);
  }
  const wanted = asked.filter((name) => name !== 'default');
  if (wanted.length > 0) {
    const before = asked.includes('default') ? (groups.get('default')?.targets ?? []) : [];
    groups.set('default', { name: 'default', targets: [...new Set([...before, ...wanted])], at: undefined });
  } else if (!groups.has('default')) groups.set('default', { name: 'default', targets: ['default'], at: undefined });
  refuseCircles(planned);
  return { groups: [...groups.values()].sort(byName), targets: [...planned.values()].sort(byName) };
}

/** Names of the targets that this one's contexts are. */
export function linksOf({ fields }: Pick<BakeTarget, 'fields'>): string[] {
  const links = Object.values(fields.contexts ?? {}).filter((value) => value.startsWith(LINK));
  return [...new Set(links.map((value) => value.slice(LINK.length)))];
}

const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);

function expandGroup(definition: BakeDefinition, name: string): { targets: string[]; groups: BakeGroup[] } {
  const targets: string[] = [];
  const groups: BakeGroup[] = [];
  const visit = (word: string): void => {
    const group = definition.groups.get(word);
    if (!group) {
      if (!targets.includes(word)) targets.push(word);
      return;
    }
    if (groups.includes(group)) return;
    groups.push(group);
    for (const member of group.targets) visit(member);
    // A group and a target may share a name.
    if (definition.targets.has(word) && !targets.includes(word)) targets.push(word);
  };
  visit(name);
  return { targets, groups: groups.map((group) => ({ ...group, targets: [...new Set(group.targets)] })) };
}

function inherited(
  definition: BakeDefinition,
  name: string,
  { path, asker }: { path: string[]; asker: BakeTarget | undefined },
): TargetFields {
  const target = definition.targets.get(name);
  if (!target) throw unknownTarget(definition, name, asker);
  if (path.includes(name)) throw problem(target.at, `Targets inherit from each other in a circle: ${[...path, name].join(' → ')}`);
  let fields: TargetFields = {};
  for (const parent of target.fields.inherits ?? []) {
    fields = mergeFields(fields, inherited(definition, parent, { path: [...path, name], asker: target }));
  }
  const { inherits: _parents, ...merged } = mergeFields(fields, target.fields);
  return merged;
}

function unknownTarget({ targets, groups }: BakeDefinition, name: string, asker: BakeTarget | undefined): Error {
  const names = [...new Set([...targets.keys(), ...groups.keys()])];
  const nearest = suggest(name, names);
  const hint =
    nearest !== undefined ? `Did you mean: ${nearest}` : names.length > 0 ? `There are: ${names.join(', ')}` : 'The files define none';
  return problem(asker?.at, `failed to find target ${name}`, hint);
}

function withDefaults(fields: TargetFields): TargetFields {
  const { tags, platforms, contexts } = fields;
  return {
    ...fields,
    context: fields.context ?? '.',
    dockerfile: fields.dockerfile || 'Dockerfile',
    ...(tags ? { tags: [...new Set(tags)] } : {}),
    ...(platforms ? { platforms: [...new Set(platforms)] } : {}),
    ...(contexts ? { contexts } : {}),
  };
}

function refuseCircles(planned: ReadonlyMap<string, PlannedTarget>): void {
  const done = new Set<string>();
  const visit = (name: string, path: string[]): void => {
    const target = planned.get(name);
    if (path.includes(name))
      throw problem(target?.at, `infinite loop from ${path[0]} to ${name}: contexts name each other: ${[...path, name].join(' → ')}`);
    if (done.has(name) || !target) return;
    for (const linked of linksOf(target)) visit(linked, [...path, name]);
    done.add(name);
  };
  for (const name of planned.keys()) visit(name, []);
}
