// The filters of `ps`: which containers of a list, newest first, fit. `before` and `since` are places in that list.

import { type ContainerView, findContainer } from '../storage/container.ts';
import { endpointsOf } from '../storage/endpoint.ts';
import { findImage } from '../storage/image.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { canonicalOf } from './canonical.ts';
import { booleanFilter, type Filters, invalidFilter, labelsMatch, parseFilters, textMatches } from './filter.ts';

const KNOWN = [
  ...['ancestor', 'before', 'exited', 'expose', 'health', 'id', 'is-task', 'label', 'name', 'network', 'publish', 'since', 'status'],
  'volume',
];
const STATUSES = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'];
const HEALTH = ['starting', 'healthy', 'unhealthy', 'none'];

export interface ContainerFilter {
  /** The filter names statuses, so stopped containers are looked at too. */
  includesStopped: boolean;
  /** The containers of `views` (newest first) that fit. */
  apply(views: ContainerView[]): ContainerView[];
}

/** Understands the values of `--filter`. Throws ERR_BAD_FILTER, and ERR_NO_SUCH_CONTAINER for before and since. */
export function containerFilter(ctx: Ctx, texts: readonly string[]): ContainerFilter {
  const filters = parseFilters(texts, KNOWN);
  for (const status of filters.get('status') ?? []) requireOneOf('status', status, STATUSES);
  for (const health of filters.get('health') ?? []) requireOneOf('health', health, HEALTH);
  const tests = [
    exitedTest(filters),
    ancestorTest(ctx, filters),
    portTest(filters, 'publish', ({ state }) => state.Ports),
    portTest(filters, 'expose', ({ record, state }) => ({ ...record.Config.ExposedPorts, ...state.Ports })),
    // Nothing here is a task of a swarm.
    booleanFilter(filters, 'is-task') === true ? () => false : undefined,
  ].filter((test) => test !== undefined);
  const place = (name: string): string[] => (filters.get(name) ?? []).map((wanted) => findContainer(ctx, wanted).record.Id);
  const [before, since] = [place('before'), place('since')];
  return {
    includesStopped: filters.has('status'),
    apply: (views) => between(views, before, since).filter((view) => matchesRecord(filters, view) && tests.every((test) => test(view))),
  };
}

function matchesRecord(filters: Filters, { record, state }: ContainerView): boolean {
  return (
    textMatches(filters.get('id'), record.Id) &&
    (textMatches(filters.get('name'), record.Name) || textMatches(filters.get('name'), `/${record.Name}`)) &&
    labelsMatch(filters, record.Config.Labels) &&
    oneOf(filters.get('status'), [state.Status]) &&
    oneOf(filters.get('health'), [state.Health?.Status ?? 'none']) &&
    isOnNetwork(filters.get('network'), record) &&
    oneOf(
      filters.get('volume'),
      record.Mounts.flatMap(({ Name, Source, Destination }) => [Name || Source, Destination]),
    )
  );
}

type Test = (view: ContainerView) => boolean;

function exitedTest(filters: Filters): Test | undefined {
  const codes = filters.get('exited')?.map((text) => {
    if (!/^-?\d+$/.test(text)) throw invalidFilter(`exited=${text}`, 'Give an exit code, such as exited=1');
    return Number(text);
  });
  return codes && (({ state }) => state.Status === 'exited' && codes.includes(state.ExitCode));
}

/** Containers of an image, and of images built on it: their layers begin with its layers. */
function ancestorTest(ctx: Ctx, filters: Filters): Test | undefined {
  const ancestors = filters
    .get('ancestor')
    ?.map((name) => findImage(ctx, name, canonicalOf(name))?.image)
    .filter((image) => image !== undefined);
  return (
    ancestors &&
    (({ record }) =>
      ancestors.some(
        ({ id, layers }) =>
          id === record.Image || (layers.length > 0 && layers.every(({ diffId }, index) => diffId === record.Layers[index])),
      ))
  );
}

function portTest(filters: Filters, name: string, portsOf: (view: ContainerView) => object): Test | undefined {
  const wanted = filters.get(name)?.map((text) => parsePorts(name, text));
  if (!wanted) return undefined;
  return (view) =>
    Object.keys(portsOf(view)).some((port) => {
      const [number = '', protocol = 'tcp'] = port.split('/');
      return wanted.some((range) => range.protocol === protocol && range.first <= Number(number) && Number(number) <= range.last);
    });
}

/** `80`, `80/udp`, `8000-8080/tcp`. */
function parsePorts(name: string, text: string): { first: number; last: number; protocol: string } {
  const [, first, last = first, protocol = 'tcp'] = /^(\d+)(?:-(\d+))?(?:\/(tcp|udp|sctp))?$/.exec(text) ?? [];
  const range = { first: Number(first), last: Number(last), protocol };
  if (first !== undefined && range.first <= range.last && range.last <= 65_535) return range;
  throw invalidFilter(`${name}=${text}`, `Give a port or a range, such as ${name}=80/tcp`);
}

/** What is older than every `before` and newer than every `since`. */
function between(views: ContainerView[], before: string[], since: string[]): ContainerView[] {
  const at = (id: string): number => views.findIndex((view) => view.record.Id === id);
  const from = Math.max(-1, ...before.map(at)) + 1;
  const to = Math.min(views.length, ...since.map(at));
  return views.slice(from, Math.max(from, to));
}

/** By name, or by the beginning of its id. */
function isOnNetwork(wanted: readonly string[] | undefined, record: ContainerView['record']): boolean {
  if (!wanted) return true;
  const networks = Object.entries(endpointsOf(record));
  return wanted.some((text) => networks.some(([name, { NetworkID }]) => text === name || (text !== '' && NetworkID.startsWith(text))));
}

function oneOf(wanted: readonly string[] | undefined, values: readonly string[]): boolean {
  return !wanted || wanted.some((value) => values.includes(value));
}

function requireOneOf(name: string, value: string, allowed: readonly string[]): void {
  if (allowed.includes(value)) return;
  throw new EngineError('ERR_BAD_FILTER', `invalid filter '${name}=${value}'`, { hint: `Use one of: ${allowed.join(', ')}` });
}
