// Progress as BuildKit's SolveStatus documents, one a line, for programs: vertexes, statuses, logs, warnings. A vertex is told of anew, whole, whenever
// something of it changes; byte strings are base64, as Go writes them. Steps have names of their own here, so a vertex's digest is that of its name.
import type { BuildNews, BuildRenderer, BuildWarning } from './events.ts';
import { createSteps, type StepView } from './steps.ts';

/** `now`: ms since 1970. */
export function createRawJsonBuild(now: () => number = Date.now): BuildRenderer {
  const steps = createSteps();
  return {
    take(event) {
      const { step } = steps.take(event);
      const status = statusOf(event, { step, now });
      return status ? `${JSON.stringify(status)}\n` : '';
    },
    finish: () => '',
  };
}

function statusOf(event: BuildNews, { step, now }: { step: StepView | undefined; now: () => number }): object | undefined {
  if (event.type === 'warning') return { warnings: [warning(event)] };
  if (!step) return undefined;
  switch (event.type) {
    case 'step':
    case 'started':
    case 'ended':
      return { vertexes: [vertex(step)] };
    case 'log':
      return { logs: [{ vertex: digestOf(event.id), stream: event.stream, data: event.data, timestamp: timeOf(event.at) }] };
    case 'progress': {
      const { label, current, total, isDone } = event;
      const done = isDone ? { completed: timeOf(now()) } : {};
      return { statuses: [{ id: label, vertex: digestOf(event.id), ...(total === undefined ? {} : { total }), current, ...done }] };
    }
    case 'explain':
      return { explains: [{ vertex: digestOf(event.id), hit: event.hit, reason: event.reason }] };
    default:
      return undefined;
  }
}

function vertex({ id, inputs, name, startedAt, endedAt, result, error }: StepView): object {
  return {
    digest: digestOf(id),
    ...(inputs.length > 0 ? { inputs: inputs.map(digestOf) } : {}),
    name,
    ...(startedAt === undefined ? {} : { started: timeOf(startedAt) }),
    ...(endedAt === undefined ? {} : { completed: timeOf(endedAt) }),
    ...(result === 'cached' ? { cached: true } : {}),
    ...(error === undefined ? {} : { error }),
  };
}

function warning({ id, rule, message, line, url }: BuildWarning): object {
  return {
    ...(id === undefined ? {} : { vertex: digestOf(id) }),
    level: 1,
    short: base64(rule === undefined ? message : `${rule}: ${message}${line === undefined ? '' : ` (line ${line})`}`),
    ...(url === undefined ? {} : { url }),
    ...(line === undefined ? {} : { range: [{ start: { line }, end: { line } }] }),
  };
}

const digestOf = (id: string): string => `sha256:${new Bun.CryptoHasher('sha256').update(id).digest('hex')}`;
const timeOf = (at: number): string => new Date(at).toISOString();
const base64 = (text: string): string => Buffer.from(text).toString('base64');
