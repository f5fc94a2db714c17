// Progress as lines that are never rewritten, in BuildKit's form: `#5 [builder 2/4] RUN make`, `#5 0.312 text`, `#5 DONE 1.2s`. Each line names its step,
// so that steps that run side by side may be mixed; downloads are told of when they end.

import { humanSize } from '../human.ts';
import { failureText, secondsOf, sinceStart, warningText } from './common.ts';
import type { BuildNews, BuildRenderer } from './events.ts';
import { colouredText } from './safe-text.ts';
import { createSteps, type Part, type StepView } from './steps.ts';

export function createPlainBuild(): BuildRenderer {
  const steps = createSteps();
  const headed = new Set<string>();
  return {
    take(event) {
      const { step, lines } = steps.take(event);
      if (!step || event.type === 'step') return '';
      const shown = lines.map(({ text, at }) => `#${step.number} ${sinceStart(step, at)} ${colouredText(text)}`);
      const all = [...shown, ...linesOf(step, event)];
      if (!headed.has(step.id)) all.unshift(`#${step.number} ${step.name}`);
      headed.add(step.id);
      return all.map((line) => `${line}\n`).join('');
    },
    finish: () => `${failureText(steps)}${warningText(steps)}`,
  };
}

function linesOf(step: StepView, event: BuildNews): string[] {
  const start = `#${step.number}`;
  switch (event.type) {
    case 'explain':
      return [`${start} ${step.explain}`];
    case 'progress': {
      const part = step.parts.get(event.label);
      return part?.isDone ? [`${start} ${partText(part)}`] : [];
    }
    case 'ended':
      return [`${start} ${endOf(step)}`, ''];
    default:
      return [];
  }
}

function endOf(step: StepView): string {
  switch (step.result) {
    case 'cached':
      return 'CACHED';
    case 'canceled':
      return 'CANCELED';
    case 'failed':
      return `ERROR: ${step.error ?? 'it failed'}`;
    default:
      return `DONE ${secondsOf((step.endedAt ?? 0) - (step.startedAt ?? 0))}`;
  }
}

/** `sha256:… 2.1MB / 3MB done`. */
export function partText({ label, current, total, isDone }: Part): string {
  const amount = total ? ` ${humanSize(current)} / ${humanSize(total)}` : current > 0 ? ` ${humanSize(current)}` : '';
  return `${label}${amount}${isDone ? ' done' : ''}`;
}
