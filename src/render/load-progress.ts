// A load as `docker load` shows it on a terminal.
import { createLayerLines, type LayerLinesOptions } from './layer-lines.ts';
import type { LayerStep, PullStep } from './pull-progress.ts';

const WORDS: Readonly<Record<LayerStep, string>> = {
  waiting: 'Waiting',
  downloading: 'Loading layer',
  retrying: 'Reading again',
  verifying: 'Verifying Checksum',
  extracting: 'Loading layer',
  complete: 'Loaded layer',
  exists: 'Layer already exists',
};

/** Returns what takes a load's events, which are those of a pull. */
export function createLoadProgress(options: LayerLinesOptions): (event: PullStep) => void {
  const lines = createLayerLines(options);
  return (event) => {
    if (event.type === 'pulling') return;
    const { layer, status, current, total } = event;
    const isFinal = status === 'complete' || status === 'exists';
    lines.show({ layer, words: WORDS[status], current, total, isFinal, isQuiet: !isFinal });
  };
}
