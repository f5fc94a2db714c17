// The history of a built image, as BuildKit writes it: an entry for each instruction but FROM and ONBUILD. Entries that made no layer have no time
// of their own and take that of the layer before them, so that a build from the cache gives the very same image.
import type { Healthcheck, ImageConfig, ImageHistory } from '../../storage/records.ts';
import type { StageState } from './stage-state.ts';

const COMMENT = 'buildkit.dockerfile.v0';
const SPANS: readonly [string, number][] = [
  ['h', 3600e9],
  ['m', 60e9],
];

/** Notes an instruction that changes the configuration alone. */
export function noteConfig(state: StageState, text: string, createdAt?: string): void {
  state.history.push({ ...(createdAt === undefined ? {} : { created: createdAt }), created_by: text, comment: COMMENT, empty_layer: true });
}

/** Notes one that may have made a layer. */
export function noteStep(state: StageState, text: string, { createdAt, hasLayer }: { createdAt: string; hasLayer: boolean }): void {
  state.history.push({ created: createdAt, created_by: text, comment: COMMENT, ...(hasLayer ? {} : { empty_layer: true }) });
}

/** `|1 A=1 /bin/sh -c …`: the ARGs declared so far, with the values that they have now, before the words of the command. */
export function runText(args: readonly string[], { buildArgs, env }: Pick<StageState, 'buildArgs' | 'env'>): string {
  const seen = new Map<string, string>();
  for (const { name, value } of buildArgs) seen.set(name, env.get(name) ?? value ?? '');
  const variables = [...seen].map(([name, value]) => `${name}=${value}`);
  return ['RUN', ...(variables.length > 0 ? [`|${variables.length}`, ...variables] : []), ...args, '# buildkit'].join(' ');
}

/** Every entry with a time, as far as there is one. */
export function datedHistory(history: readonly ImageHistory[]): ImageHistory[] {
  // What comes before the first new layer has the time of that layer; if there is none, that of the last one of the base.
  const firstBlank = history.findIndex(({ created }) => created === undefined);
  const firstNew = firstBlank < 0 ? undefined : history.slice(firstBlank).find(({ created }) => created !== undefined)?.created;
  let time = firstNew ?? history.findLast(({ created }) => created !== undefined)?.created;
  let isPast = false;
  return history.map((entry) => {
    if (entry.created !== undefined) {
      if (isPast) time = entry.created;
      return entry;
    }
    isPast = true;
    return time === undefined ? entry : { created: time, ...entry };
  });
}

/** Words as Go's %q shows a list: `["a" "b c"]`. */
export const quotedList = (words: readonly string[]): string => `[${words.map((word) => JSON.stringify(word)).join(' ')}]`;

/** Words as Go's %v shows a list: `[a b c]`. */
export const plainList = (words: readonly string[]): string => `[${words.join(' ')}]`;

/** A health check as Go's %q shows the record of it, its retries as the character of that number: that is what BuildKit writes. */
export function healthText({ Test = [], Interval = 0, Timeout = 0, StartPeriod = 0, StartInterval = 0, Retries = 0 }: Healthcheck): string {
  const spans = [Interval, Timeout, StartPeriod, StartInterval].map((span) => `"${goSpan(span)}"`);
  return `&{${quotedList(Test)} ${spans.join(' ')} ${quotedCharacter(Retries)}}`;
}

const NAMED_CHARACTERS: Record<number, string> = { 7: 'a', 8: 'b', 9: 't', 10: 'n', 11: 'v', 12: 'f', 13: 'r', 39: "'", 92: '\\' };

function quotedCharacter(code: number): string {
  const named = NAMED_CHARACTERS[code];
  if (named !== undefined) return `'\\${named}'`;
  const isShown = code > 31 && code < 127;
  return isShown ? `'${String.fromCharCode(code)}'` : `'\\x${code.toString(16).padStart(2, '0')}'`;
}

/** Nanoseconds as Go shows a duration: `1h0m5s`, `1.5s`, `250ms`. */
export function goSpan(nanoseconds: number): string {
  if (nanoseconds === 0) return '0s';
  if (nanoseconds < 1e3) return `${nanoseconds}ns`;
  if (nanoseconds < 1e6) return `${nanoseconds / 1e3}µs`;
  if (nanoseconds < 1e9) return `${nanoseconds / 1e6}ms`;
  let rest = nanoseconds;
  let text = '';
  for (const [unit, size] of SPANS) {
    const count = Math.floor(rest / size);
    if (count > 0 || text !== '') text += `${count}${unit}`;
    rest -= count * size;
  }
  return `${text}${rest / 1e9}s`;
}

/** Readers count the layers along the history: a base that says nothing of them is given a line for each. */
export function historyOfBase({ history, created, rootfs }: ImageConfig): ImageHistory[] {
  return history?.length ? [...history] : rootfs.diff_ids.map(() => (created ? { created } : {}));
}
