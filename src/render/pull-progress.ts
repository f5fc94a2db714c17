// A pull as `docker pull` shows it.
import { createLayerLines, type LayerLinesOptions } from './layer-lines.ts';

export type LayerStep = 'waiting' | 'downloading' | 'retrying' | 'verifying' | 'extracting' | 'complete' | 'exists';

/** What the worker says while it pulls (`PullEvent` of runtime/messages-work.ts, as this layer may know it). */
export type PullStep =
  | { type: 'pulling'; name: string; repository: string }
  | { type: 'layer'; layer: string; status: LayerStep; current?: number; total?: number };

const WORDS: Readonly<Record<LayerStep, string>> = {
  waiting: 'Pulling fs layer',
  downloading: 'Downloading',
  retrying: 'Retrying',
  verifying: 'Verifying Checksum',
  extracting: 'Extracting',
  complete: 'Pull complete',
  exists: 'Already exists',
};
const FINAL = new Set<LayerStep>(['complete', 'exists']);
const QUIET = new Set<LayerStep>(['downloading', 'extracting']);

/** Returns what takes a pull's events, in order. */
export function createPullProgress(options: LayerLinesOptions): (event: PullStep) => void {
  const lines = createLayerLines(options);
  return (event) => {
    if (event.type === 'pulling') return options.write(`${event.name}: Pulling from ${event.repository}\n`);
    const { layer, status, current, total } = event;
    lines.show({ layer, words: WORDS[status], current, total, isFinal: FINAL.has(status), isQuiet: QUIET.has(status) });
  };
}
