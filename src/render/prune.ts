// What the prune commands print, as Docker's: a heading and a line for each object that went, then the space.
import { preciseSize } from './human.ts';

export interface PruneInput {
  containers?: readonly string[];
  networks?: readonly string[];
  volumes?: readonly string[];
  /** Ids of build cache entries. */
  cache?: readonly string[];
  images?: readonly { untagged: readonly string[]; deleted: readonly string[] }[];
  /** Bytes. */
  reclaimed: number;
}

/** `dryRun`: nothing went, and the words say so. */
export function renderPrune(
  { containers = [], networks = [], volumes = [], images = [], cache = [], reclaimed }: PruneInput,
  { dryRun }: { dryRun: boolean },
): string {
  const part = (kind: string, lines: readonly string[]): string => section(kind, lines, dryRun);
  const imageLines = images.flatMap(({ untagged, deleted }) => [
    ...untagged.map((name) => `untagged: ${name}`),
    ...deleted.map((id) => `deleted: ${id}`),
  ]);
  const total = `${dryRun ? 'Space that would be reclaimed' : 'Total reclaimed space'}: ${preciseSize(reclaimed)}\n`;
  return (
    part('Containers', containers) +
    part('Networks', networks) +
    part('Volumes', volumes) +
    part('Images', imageLines) +
    part('build cache objects', cache) +
    total
  );
}

/** Of `network prune`, which tells of no space; '' when nothing goes. */
export const renderPrunedNetworks = (names: readonly string[], { dryRun }: { dryRun: boolean }): string =>
  section('Networks', names, dryRun);

function section(kind: string, lines: readonly string[], dryRun: boolean): string {
  if (lines.length === 0) return '';
  return `${[dryRun ? `${kind[0]?.toUpperCase()}${kind.slice(1)} that would be deleted:` : `Deleted ${kind}:`, ...lines].join('\n')}\n\n`;
}
