// The results as a table for people and as JSON for programs: medians, the ratio, the bar it is held to, and whether it holds.
import { cpus } from 'node:os';

export interface Row {
  work: string;
  /** `×`: a ratio of two times of skiff's own. */
  unit: 'ms' | 'MB' | '×';
  skiff: number;
  /** Undefined where only skiff is measured. */
  podman?: number;
  /** At most this ratio (or, with `absolute`, this many units). */
  bar?: number;
  absolute?: boolean;
  /** Samples of each engine. */
  samples: number;
}

export const median = (values: number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? Number.NaN) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
};

/** Whether the row keeps its bar; undefined where it has none. */
export function isKept(row: Row): boolean | undefined {
  if (row.bar === undefined) return undefined;
  const value = row.absolute ? row.skiff : row.skiff / (row.podman ?? Number.NaN);
  return value <= row.bar;
}

/** A Markdown table, which reads as well in a terminal. */
export function tableOf(rows: Row[]): string {
  const cells = rows.map((row) => [
    row.work,
    amount(row.skiff, row.unit),
    row.podman === undefined ? '' : amount(row.podman, row.unit),
    row.podman === undefined ? '' : (row.skiff / row.podman).toFixed(2),
    row.bar === undefined ? '' : row.absolute ? amount(row.bar, row.unit) : row.bar.toFixed(2),
    verdict(row),
  ]);
  const all = [['work', 'skiff', 'podman', 'ratio', 'bar', ''], ...cells];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0))) ?? [];
  const lineOf = (line: string[]) =>
    `| ${line.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [lineOf(all[0] ?? []), rule, ...all.slice(1).map(lineOf)].join('\n');
}

/** One line: when, on what, with which versions. */
export function conditions(versions: Record<string, string>): string {
  const kernel = Bun.spawnSync(['uname', '-r']).stdout.toString().trim();
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}`;
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${new Date().toISOString().slice(0, 10)}, ${machine}, Linux ${kernel}, ${programs.join(', ')}`;
}

const amount = (value: number, unit: Row['unit']): string =>
  `${unit === '×' ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0)} ${unit}`;

function verdict(row: Row): string {
  const kept = isKept(row);
  if (kept === undefined) return '';
  return kept ? 'ok' : 'MISSED';
}
