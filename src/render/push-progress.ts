// A push as `docker push` shows it.
import { createLayerLines, type LayerLinesOptions } from './layer-lines.ts';

type Step = 'preparing' | 'waiting' | 'pushing' | 'retrying' | 'pushed' | 'exists' | 'mounted' | 'foreign';

/** What the engine says while it pushes (`PushEvent` of engine/push-events.ts, as this layer may know it). */
export type PushProgressStep =
  | { type: 'refers'; repository: string }
  | { type: 'layer'; layer: string; step: Step; current?: number; total?: number; from?: string }
  | { type: 'pushed'; tag: string; digest: string; size: number };

const WORDS: Readonly<Record<Step, string>> = {
  preparing: 'Preparing',
  waiting: 'Waiting',
  pushing: 'Pushing',
  retrying: 'Retrying',
  pushed: 'Pushed',
  exists: 'Layer already exists',
  mounted: 'Mounted from',
  foreign: 'Skipped foreign layer',
};
const FINAL = new Set<Step>(['pushed', 'exists', 'mounted', 'foreign']);

/** Returns what takes a push's events, in order. */
export function createPushProgress(options: LayerLinesOptions): (event: PushProgressStep) => void {
  const lines = createLayerLines(options);
  return (event) => {
    if (event.type === 'refers') return options.write(`The push refers to repository [${event.repository}]\n`);
    if (event.type === 'pushed') {
      options.write(`${event.tag}: digest: ${event.digest} size: ${event.size}\n`);
      return lines.startOver();
    }
    const { layer, step, current, total, from } = event;
    const words = from === undefined ? WORDS[step] : `${WORDS[step]} ${from}`;
    lines.show({ layer, words, current, total, isFinal: FINAL.has(step), isQuiet: step === 'pushing' });
  };
}
