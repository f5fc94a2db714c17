// A build as a terminal shows it at one moment: a line per step, below each running one what it downloads and its last output, fitted to the size. Where
// not all fits, output goes first, then the steps that ended, the oldest first; nothing is wider than the terminal, for a wrapped line would break the
// counting of lines.
import { secondsOf } from './common.ts';
import { partText } from './plain.ts';
import { cutToWidth, plainText } from './safe-text.ts';
import type { Steps, StepView } from './steps.ts';

export interface FrameSize {
  columns: number;
  rows: number;
}

export interface FrameOptions extends FrameSize {
  startedAt: number;
  /** ms since 1970. */
  now: number;
  /** The build has ended: everything is shown, however long, without output. */
  isFinal?: boolean;
  isFailed?: boolean;
  colours: boolean;
}

const LOG_LINES = 6;
/** Room for a name, at least. */
const NARROWEST = 20;

/** The lines, without newlines. A frame that is not final has fewer lines than the terminal has rows. */
export function buildFrame(steps: Steps, options: FrameOptions): string[] {
  const { begun } = steps;
  const done = begun.filter(({ endedAt }) => endedAt !== undefined).length;
  const state = options.isFinal ? (options.isFailed ? ' ERROR' : ' FINISHED') : '';
  const head = `[+] Building ${secondsOf(options.now - options.startedAt)} (${done}/${steps.known()})${state}`;
  const body = options.isFinal ? begun.flatMap((step) => linesOf(step, options, 0)) : fitted(begun, options);
  return [cutToWidth(head, Math.max(NARROWEST, options.columns - 1)), ...body];
}

function fitted(begun: readonly StepView[], options: FrameOptions): string[] {
  // One row for the head, one for the cursor below the last line.
  const room = Math.max(1, options.rows - 2);
  for (let logLines = LOG_LINES; logLines >= 0; logLines--) {
    const lines = begun.flatMap((step) => linesOf(step, options, logLines));
    if (lines.length <= room) return lines;
    // A single line of output is kept for as long as hiding ended steps makes room.
    if (logLines === 1) {
      const shorter = withoutEnded(begun, options, { room, logLines });
      if (shorter.length <= room) return shorter;
    }
  }
  return withoutEnded(begun, options, { room, logLines: 0 }).slice(0, room);
}

function withoutEnded(begun: readonly StepView[], options: FrameOptions, { room, logLines }: { room: number; logLines: number }): string[] {
  const blocks = begun.map((step) => ({ lines: linesOf(step, options, logLines), isEnded: step.endedAt !== undefined }));
  let excess = blocks.reduce((sum, { lines }) => sum + lines.length, 0) + 1 - room;
  let hidden = 0;
  const shown = blocks.filter(({ lines, isEnded }) => {
    if (!isEnded || excess <= 0) return true;
    excess -= lines.length;
    hidden++;
    return false;
  });
  const mark = hidden > 0 ? [dim(` => … ${hidden} ${hidden === 1 ? 'step that ended' : 'steps that ended'}`, options)] : [];
  return [...mark, ...shown.flatMap(({ lines }) => lines)];
}

function linesOf(step: StepView, options: FrameOptions, logLines: number): string[] {
  const { columns, now, isFinal } = options;
  const time = secondsOf((step.endedAt ?? now) - (step.startedAt ?? now));
  const mark = MARKS[step.result ?? 'done'];
  const width = Math.max(NARROWEST, columns - 1);
  const left = cutToWidth(` => ${mark}${step.name}`, width - time.length - 1);
  const gap = ' '.repeat(Math.max(1, width - Bun.stringWidth(left) - time.length));
  const line = colour(`${left}${gap}${time}`, step, options);
  const explained = step.explain === undefined || step.result === 'cached' ? [] : [below(`=> ${plainText(step.explain)}`, width)];
  const isRunning = step.endedAt === undefined && !isFinal;
  const parts = isRunning
    ? [...step.parts.values()].filter(({ isDone }) => !isDone).map((part) => below(`=> ${plainText(partText(part))}`, width))
    : [];
  const output = isRunning && logLines > 0 ? step.log.tail(logLines).map(({ text }) => below(`=> # ${plainText(text)}`, width)) : [];
  return [line, ...[...explained, ...parts.slice(-Math.max(1, logLines)), ...output].map((text) => dim(text, options))];
}

const MARKS = { done: '', cached: 'CACHED ', failed: 'ERROR ', canceled: 'CANCELED ' } as const;

const below = (text: string, width: number): string => cutToWidth(` => ${text}`, width);

const dim = (text: string, { colours }: FrameOptions): string => (colours ? `\u001b[2m${text}\u001b[0m` : text);

function colour(text: string, { result }: StepView, { colours }: FrameOptions): string {
  if (!colours) return text;
  if (result === 'failed') return `\u001b[31m${text}\u001b[0m`;
  if (result === 'canceled') return `\u001b[33m${text}\u001b[0m`;
  return result === undefined ? text : `\u001b[34m${text}\u001b[0m`;
}
