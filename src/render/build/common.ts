// What the forms of progress have in common: the last lines of a step that failed, warnings, times.
import { colouredText, plainText } from './safe-text.ts';
import type { Steps, StepView } from './steps.ts';

const TAIL = 20;

/** The failed steps' last lines between rules; '' where none failed or none said anything. */
export function failureText({ begun }: Steps): string {
  return begun
    .filter(({ result }) => result === 'failed')
    .map((step) => tailOf(step))
    .join('');
}

function tailOf(step: StepView): string {
  const lines = step.log.tail(TAIL);
  if (lines.length === 0) return '';
  const shown = lines.map(({ text, at }) => `${sinceStart(step, at)} ${colouredText(text)}`);
  return `${['------', ` > ${step.name}:`, ...shown, '------'].join('\n')}\n`;
}

/** One line each, those of the rules by name; '' without warnings. */
export function warningText({ warnings }: Steps): string {
  if (warnings.length === 0) return '';
  const lines = warnings.map(({ rule, message, line }) => {
    const place = line === undefined ? '' : ` (line ${line})`;
    return ` - ${rule === undefined ? '' : `${rule}: `}${plainText(message)}${place}`;
  });
  return `\n ${warnings.length} ${warnings.length === 1 ? 'warning' : 'warnings'} found (use skiff build --check to expand):\n${lines.join('\n')}\n`;
}

/** Seconds since the step began, about five characters wide. */
export function sinceStart({ startedAt }: StepView, at: number): string {
  const seconds = Math.max(0, at - (startedAt ?? at)) / 1000;
  return seconds.toFixed(seconds < 10 ? 3 : seconds < 100 ? 2 : 1);
}

/** `1.2s`. */
export function secondsOf(spanMs: number): string {
  return `${(Math.max(0, spanMs) / 1000).toFixed(1)}s`;
}
