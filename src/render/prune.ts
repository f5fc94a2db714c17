// What the prune commands print, as Docker's: a heading and a line for each object that went, then the space.
import { preciseSize } from './human.ts';

export interface PruneInput {
  containers?: readonly string[];
  volumes?: readonly string[];
  images?: readonly { untagged: readonly string[]; deleted: readonly string[] }[];
  /** Bytes. */
  reclaimed: number;
}

/** `dryRun`: nothing went, and the words say so. */
export function renderPrune(
  { containers = [], volumes = [], images = [], reclaimed }: PruneInput,
  { dryRun }: { dryRun: boolean },
): string {
  const heading = (kind: string): string => (dryRun ? `${kind} that would be deleted:` : `Deleted ${kind}:`);
  const part = (kind: string, lines: readonly string[]): string =>
    lines.length === 0 ? '' : `${[heading(kind), ...lines].join('\n')}\n\n`;
  const imageLines = images.flatMap(({ untagged, deleted }) => [
    ...untagged.map((name) => `untagged: ${name}`),
    ...deleted.map((id) => `deleted: ${id}`),
  ]);
  const total = `${dryRun ? 'Space that would be reclaimed' : 'Total reclaimed space'}: ${preciseSize(reclaimed)}\n`;
  return part('Containers', containers) + part('Volumes', volumes) + part('Images', imageLines) + total;
}
