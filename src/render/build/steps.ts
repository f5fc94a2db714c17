// The state of a build as its events tell it: which steps were seen, in which order, what each is at. Every renderer keeps one.
import type { BuildNews, BuildWarning, StepResult } from './events.ts';
import { plainText } from './safe-text.ts';
import { createStepLog, type LogLine, type StepLog } from './step-log.ts';

export interface StepView {
  id: string;
  /** From 1, in the order in which steps began; 0: not begun. */
  number: number;
  name: string;
  inputs: string[];
  startedAt: number | undefined;
  endedAt: number | undefined;
  result: StepResult | undefined;
  error: string | undefined;
  explain: string | undefined;
  log: StepLog;
  parts: Map<string, Part>;
}

/** A download, an export: of a step. */
export interface Part {
  label: string;
  current: number;
  total: number | undefined;
  isDone: boolean;
}

export interface Steps {
  /** Returns the step that it was about, and the lines that became whole. */
  take(event: BuildNews): { step: StepView | undefined; lines: LogLine[] };
  /** Those that began, in order. */
  begun: readonly StepView[];
  /** How many are known. */
  known(): number;
  warnings: readonly BuildWarning[];
}

export function createSteps(): Steps {
  const byId = new Map<string, StepView>();
  const begun: StepView[] = [];
  const warnings: BuildWarning[] = [];

  const viewOf = (id: string): StepView => {
    const found = byId.get(id) ?? newStep(id);
    byId.set(id, found);
    return found;
  };
  const begin = (step: StepView): StepView => {
    if (step.number === 0) step.number = begun.push(step);
    return step;
  };

  return { take, begun, known: () => byId.size, warnings };

  function take(event: BuildNews): { step: StepView | undefined; lines: LogLine[] } {
    switch (event.type) {
      case 'warning':
        warnings.push(event);
        return { step: undefined, lines: [] };
      case 'kept':
        return { step: undefined, lines: [] };
      case 'step': {
        const step = viewOf(event.id);
        // A Dockerfile is a stranger's as well.
        step.name = plainText(event.name);
        step.inputs = event.inputs;
        return { step, lines: [] };
      }
      default:
        return takeOfStep(begin(viewOf(event.id)), event);
    }
  }
}

type StepNews = Exclude<BuildNews, { type: 'warning' | 'kept' | 'step' }>;

function takeOfStep(step: StepView, event: StepNews): { step: StepView; lines: LogLine[] } {
  let lines: LogLine[] = [];
  switch (event.type) {
    case 'started':
      step.startedAt ??= event.at;
      break;
    case 'ended':
      lines = step.log.end(event.at);
      step.startedAt ??= event.at;
      step.endedAt = event.at;
      step.result = event.result;
      step.error = event.error === undefined ? undefined : plainText(event.error);
      break;
    case 'log':
      step.startedAt ??= event.at;
      lines = step.log.push(event.stream, event.data, event.at);
      break;
    case 'progress':
      step.parts.set(event.label, {
        label: event.label,
        current: event.current,
        total: event.total,
        isDone: event.isDone ?? false,
      });
      break;
    case 'explain':
      step.explain = event.hit ? 'HIT' : `MISS: ${event.reason}`;
      break;
    default:
      event satisfies never;
  }
  return { step, lines };
}

const newStep = (id: string): StepView => ({
  id,
  number: 0,
  name: id,
  inputs: [],
  startedAt: undefined,
  endedAt: undefined,
  result: undefined,
  error: undefined,
  explain: undefined,
  log: createStepLog(),
  parts: new Map(),
});
