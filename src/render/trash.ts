// `system undo --list`: a line for each removal, the latest first.
import { ago, humanDuration } from './human.ts';
import { alignTable } from './table.ts';

export interface TrashRow {
  removedAt: Date;
  until: Date;
  volumes: readonly string[];
  /** Their files alone, which others replaced. */
  isReplaced: boolean;
}

export function renderTrash(rows: readonly TrashRow[], now: Date): string {
  const lines = rows.map(({ removedAt, until, volumes, isReplaced }) => {
    const left = until.getTime() - now.getTime();
    return [
      ago(removedAt.toISOString(), now),
      left > 0 ? `another ${humanDuration(left)}` : 'no longer',
      isReplaced ? `the former files of ${volumes.join(', ')}` : volumes.join(', '),
    ].join('\t');
  });
  return alignTable(['REMOVED\tKEPT FOR\tVOLUMES', ...lines]);
}
