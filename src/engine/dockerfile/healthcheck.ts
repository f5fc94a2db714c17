// HEALTHCHECK: `NONE`, or options and `CMD` in exec or shell form. Durations are Go's and become nanoseconds.
import type { Healthcheck } from '../../storage/records.ts';
import { parseSpan } from '../timestamp.ts';
import { readFlags, takeFlags } from './flags.ts';
import { jsonWords } from './json-form.ts';
import { DockerfileProblem } from './problem.ts';

const SPANS = { interval: 'Interval', timeout: 'Timeout', 'start-period': 'StartPeriod', 'start-interval': 'StartInterval' } as const;
const FLAGS = { interval: 'text', timeout: 'text', 'start-period': 'text', 'start-interval': 'text', retries: 'text' } as const;
const SHORTEST_NANOSECONDS = 1_000_000;

/** What follows the word HEALTHCHECK. Throws a DockerfileProblem. */
export function parseHealthcheck(text: string): Healthcheck {
  const { flags: raw, restAt } = takeFlags(text, 0);
  const [, type = '', command = ''] = /^(\S*)\s*([\s\S]*)$/.exec(text.slice(restAt)) ?? [];
  if (type === '') throw new DockerfileProblem('HEALTHCHECK requires at least one argument');
  if (type.toUpperCase() === 'NONE') {
    if (command !== '') throw new DockerfileProblem('HEALTHCHECK NONE takes no arguments');
    return { Test: ['NONE'] };
  }
  const flags = readFlags(raw, FLAGS);
  if (type.toUpperCase() !== 'CMD') throw new DockerfileProblem(`unknown type "${type}" in HEALTHCHECK (try CMD)`);
  const words = jsonWords(command);
  if (command === '' || words?.length === 0) throw new DockerfileProblem('missing command after HEALTHCHECK CMD');
  const check: Healthcheck = {};
  for (const [name, key] of Object.entries(SPANS)) {
    const value = flags.text(name);
    if (value) check[key] = spanOf(name, value);
  }
  const retries = flags.text('retries');
  if (retries) check.Retries = retriesOf(retries);
  return { ...check, Test: words ? ['CMD', ...words] : ['CMD-SHELL', command] };
}

function spanOf(name: string, value: string): number {
  const nanoseconds = parseSpan(value);
  if (nanoseconds === undefined) throw new DockerfileProblem(`time: invalid duration "${value}"`);
  if (nanoseconds !== 0 && nanoseconds < SHORTEST_NANOSECONDS) throw new DockerfileProblem(`interval "--${name}" cannot be less than 1ms`);
  return Math.round(nanoseconds);
}

function retriesOf(value: string): number {
  if (!/^\d+$/.test(value)) throw new DockerfileProblem(`--retries must be a number of 0 or more (not ${value})`);
  return Number(value);
}
