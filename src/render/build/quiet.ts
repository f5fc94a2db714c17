// Progress for who wants none: the last lines of a step that failed, and what --explain has to say.
import type { BuildRenderer } from './events.ts';
import { failureText } from './failure.ts';
import { createSteps } from './steps.ts';

export function createQuietBuild(): BuildRenderer {
  const steps = createSteps();
  return {
    take(event) {
      const { step } = steps.take(event);
      return event.type === 'explain' && step ? `${step.name}: ${step.explain}\n` : '';
    },
    finish: (isFailed) => (isFailed ? failureText(steps) : ''),
  };
}
