// `--print`: the plan as buildx's JSON, its keys in buildx's order, those of maps sorted.
import type { BakePlan, TargetFields } from './model.ts';

const ORDER: readonly (keyof TargetFields)[] = [
  'description',
  'annotations',
  'attest',
  'context',
  'contexts',
  'dockerfile',
  'dockerfile-inline',
  'args',
  'labels',
  'tags',
  'cache-from',
  'cache-to',
  'target',
  'secret',
  'ssh',
  'platforms',
  'output',
  'pull',
  'no-cache',
  'network',
  'no-cache-filter',
  'shm-size',
  'ulimits',
  'call',
  'entitlements',
  'extra-hosts',
];
const UNSORTED = new Set(['secret', 'ssh']);

export function printedPlan({ groups, targets }: BakePlan): string {
  const group = groups.map(({ name, description, targets: members }) => [
    name,
    { ...(description ? { description } : {}), targets: members },
  ]);
  const target = targets.map(({ name, fields }) => [name, printedFields(fields)]);
  return `${JSON.stringify({ ...(group.length > 0 ? { group: Object.fromEntries(group) } : {}), target: Object.fromEntries(target) }, null, 2)}\n`;
}

function printedFields(fields: TargetFields): object {
  const entries = ORDER.flatMap((name) => {
    const value = fields[name];
    if (value === undefined || isEmpty(value)) return [];
    return [[name, UNSORTED.has(name) ? value : sorted(value)]];
  });
  return Object.fromEntries(entries);
}

const isEmpty = (value: object | string | boolean): boolean =>
  value === '' || (typeof value === 'object' && Object.keys(value).length === 0);

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
