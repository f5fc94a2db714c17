// HEALTHCHECK: `NONE`, or options and `CMD` in exec or shell form. Durations are Go's and become nanoseconds.
import type { Healthcheck } from '../../storage/records.ts';
import { parseSpan } from '../timestamp.ts';

const SPANS: Record<string, 'Interval' | 'Timeout' | 'StartPeriod' | 'StartInterval'> = {
  interval: 'Interval',
  timeout: 'Timeout',
  'start-period': 'StartPeriod',
  'start-interval': 'StartInterval',
};
const SHORTEST_NANOSECONDS = 1_000_000;

/** `bad` makes the error that is thrown for what is malformed. */
export function parseHealthcheck(
  text: string,
  jsonWords: (text: string) => string[] | undefined,
  bad: (message: string) => Error,
): Healthcheck {
  const check: Healthcheck = {};
  let rest = text;
  for (let option = OPTION.exec(rest); option; option = OPTION.exec(rest)) {
    setOption(check, option[1] ?? '', option[2] ?? '');
    rest = rest.slice(option[0].length);
  }
  const [, type = '', command = ''] = /^(\S*)\s*([\s\S]*)$/.exec(rest) ?? [];
  if (type === '') throw bad('HEALTHCHECK requires at least one argument');
  if (type.toUpperCase() === 'NONE') {
    if (command !== '') throw bad('HEALTHCHECK NONE takes no arguments');
    return { Test: ['NONE'] };
  }
  if (type.toUpperCase() !== 'CMD') throw bad(`unknown type "${type}" in HEALTHCHECK (try CMD)`);
  if (command === '') throw bad('missing command after HEALTHCHECK CMD');
  const words = jsonWords(command);
  return { ...check, Test: words ? ['CMD', ...words] : ['CMD-SHELL', command] };

  function setOption(into: Healthcheck, name: string, value: string): void {
    const span = Object.hasOwn(SPANS, name) ? SPANS[name] : undefined;
    if (span) into[span] = spanOf(name, value);
    else if (name === 'retries') into.Retries = retriesOf(value);
    else throw bad(`unknown flag: --${name}`);
  }

  function spanOf(name: string, value: string): number {
    const nanoseconds = parseSpan(value);
    if (nanoseconds === undefined) throw bad(`time: invalid duration "${value}"`);
    if (nanoseconds !== 0 && nanoseconds < SHORTEST_NANOSECONDS) throw bad(`interval "--${name}" cannot be less than 1ms`);
    return Math.round(nanoseconds);
  }

  function retriesOf(value: string): number {
    if (!/^\d+$/.test(value)) throw bad(`--retries must be a number of 0 or more (not ${value})`);
    return Number(value);
  }
}

const OPTION = /^--([a-z-]+)=(\S*)\s*/;
