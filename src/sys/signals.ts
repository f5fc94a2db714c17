// Linux signal numbers by name, the same on x86-64 and arm64 (signal(7)).
import { EngineError } from './errors.ts';

const NUMBERS: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  IOT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  POLL: 29,
  PWR: 30,
  SYS: 31,
};
/** The one that cannot be caught, for kill(2). */
export const SIGKILL = 9;
export const SIGTERM = 15;
/** Stops a process, which cannot catch it either. */
export const SIGSTOP = 19;

const RTMIN = 34;
const RTMAX = 64;

/** The number of `signal`: `9`, `KILL`, `SIGKILL`, `kill`, `RTMIN+3`. Throws ERR_BAD_SIGNAL in Docker's words. */
export function signalNumber(signal: string): number {
  if (/^\d+$/.test(signal)) {
    const number = Number(signal);
    if (number >= 1 && number <= RTMAX) return number;
  }
  const name = signal.toUpperCase().replace(/^SIG/, '');
  const number = NUMBERS[name] ?? realtime(name);
  if (number === undefined)
    throw new EngineError('ERR_BAD_SIGNAL', `Invalid signal: ${signal}`, { hint: 'Use a name such as SIGTERM or a number from 1 to 64' });
  return number;
}

/**
 * The signals that a command in the foreground passes on: all that can be caught but those about the process itself or its memory (CHLD, PIPE,
 * URG, SEGV …). The runtime keeps PWR for itself, and has no names for the real-time ones.
 */
export const PROXIED_SIGNALS: readonly NodeJS.Signals[] = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTRAP',
  'SIGABRT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGTERM',
  'SIGCONT',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGVTALRM',
  'SIGPROF',
  'SIGWINCH',
  'SIGIO',
  'SIGSYS',
];

function realtime(name: string): number | undefined {
  const match = /^RT(MIN|MAX)(?:([+-])(\d+))?$/.exec(name);
  if (!match) return undefined;
  const base = match[1] === 'MIN' ? RTMIN : RTMAX;
  const number = base + (match[2] === '-' ? -1 : 1) * Number(match[3] ?? 0);
  return number >= RTMIN && number <= RTMAX ? number : undefined;
}
