// A pull as `docker pull` shows it: on a terminal one line for each layer, rewritten in place; elsewhere one line for each step that a
// layer takes, without counters. Lines are cut to the width: one that wraps would break the counting of lines.
import { humanSize } from './human.ts';

export type LayerStep = 'waiting' | 'downloading' | 'retrying' | 'verifying' | 'extracting' | 'complete' | 'exists';

/** What the worker says while it pulls (`PullEvent` of runtime/messages-work.ts, as this layer may know it). */
export type PullStep =
  | { type: 'pulling'; name: string; repository: string }
  | { type: 'layer'; layer: string; status: LayerStep; current?: number; total?: number };

export interface PullProgressOptions {
  write: (text: string) => void;
  isTerminal: boolean;
  columns: number;
}

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
/** Steps that come and go many times: only a terminal shows them. */
const QUIET = new Set<LayerStep>(['downloading', 'extracting']);
const BAR_WIDTH = 50;
/** Docker leaves out the bar on narrower terminals. */
const COLUMNS_FOR_BAR = 110;

/** Returns what takes a pull's events, in order. */
export function createPullProgress({ write, isTerminal, columns }: PullProgressOptions): (event: PullStep) => void {
  const order: string[] = [];
  const shown = new Map<string, { status: LayerStep; line: string }>();
  return (event) => {
    if (event.type === 'pulling') write(`${event.name}: Pulling from ${event.repository}\n`);
    else onLayer(event);
  };

  function onLayer(event: Extract<PullStep, { type: 'layer' }>): void {
    const before = shown.get(event.layer);
    // A late word of one process about what another has finished.
    if (before && FINAL.has(before.status)) return;
    if (!isTerminal && (before?.status === event.status || QUIET.has(event.status))) return;
    const line = lineFor(event, columns);
    if (before?.line === line) return;
    shown.set(event.layer, { status: event.status, line });
    if (!isTerminal) write(`${line}\n`);
    else if (before) rewrite(event.layer, line);
    else {
      order.push(event.layer);
      write(`${cut(line, columns)}\n`);
    }
  }

  function rewrite(layer: string, line: string): void {
    const up = order.length - order.indexOf(layer);
    write(`\x1b[${up}A\r\x1b[2K${cut(line, columns)}\r\x1b[${up}B`);
  }
}

function lineFor({ layer, status, current, total }: Extract<PullStep, { type: 'layer' }>, columns: number): string {
  const words = `${layer}: ${WORDS[status]}`;
  return current === undefined || total === undefined ? words : `${words} ${bar(current, total, columns)}`;
}

function bar(current: number, total: number, columns: number): string {
  const counter = `${humanSize(current).padStart(8)}/${humanSize(total)}`;
  if (columns <= COLUMNS_FOR_BAR) return counter;
  const filled = total === 0 ? BAR_WIDTH : Math.min(BAR_WIDTH, Math.trunc((current / total) * BAR_WIDTH));
  return `[${'='.repeat(filled)}>${' '.repeat(BAR_WIDTH - filled)}] ${counter}`;
}

const cut = (line: string, columns: number): string => (line.length < columns ? line : line.slice(0, columns - 1));
