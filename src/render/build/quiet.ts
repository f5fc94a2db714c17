// Progress for who wants none: what --explain has to say, and the last lines of a step that failed.
import { failureText } from './common.ts';
import type { BuildRenderer } from './events.ts';
import { createSteps } from './steps.ts';

export function createQuietBuild(): BuildRenderer {
  const steps = createSteps();
  return {
    take(event) {
      const { step } = steps.take(event);
      return event.type === 'explain' && step ? `${step.name}: ${step.explain}\n` : '';
    },
    finish: () => failureText(steps),
  };
}
