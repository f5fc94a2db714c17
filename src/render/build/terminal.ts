// Progress on a terminal. Events change what is known; `frame` gives the text that brings the terminal to it, so that the caller says how often.

import { failureText, warningText } from './common.ts';
import type { BuildNews } from './events.ts';
import { buildFrame, type FrameSize } from './frame.ts';
import { createRedraw } from './redraw.ts';
import { createSteps } from './steps.ts';

export interface TerminalBuild {
  take(event: BuildNews): void;
  /** `now`: ms since 1970. */
  frame(now: number, size: FrameSize): string;
  finish(now: number, size: FrameSize & { isFailed: boolean }): string;
}

export function createTerminalBuild(options: { startedAt: number; colours: boolean }): TerminalBuild {
  const steps = createSteps();
  const redraw = createRedraw();
  return {
    take: (event) => void steps.take(event),
    frame: (now, size) => redraw.to(buildFrame(steps, { ...options, ...size, now }), size.columns),
    finish: (now, { isFailed, ...size }) => {
      const last = redraw.last(buildFrame(steps, { ...options, ...size, now, isFinal: true, isFailed }), size.columns);
      return `${last}${failureText(steps)}${warningText(steps)}`;
    },
  };
}
