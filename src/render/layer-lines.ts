// Lines of layers as Docker shows them: on a terminal one line for each layer, rewritten in place; elsewhere one line for each step that a
// layer takes, without counters. Lines are cut to the width: one that wraps would break the counting of lines.
import { humanSize } from './human.ts';

export interface LayerLine {
  layer: string;
  /** What it is at, for instance `Downloading`. */
  words: string;
  current?: number | undefined;
  total?: number | undefined;
  /** Nothing comes after it. */
  isFinal: boolean;
  /** A step that comes and goes many times: only a terminal shows it. */
  isQuiet: boolean;
}

export interface LayerLinesOptions {
  write: (text: string) => void;
  isTerminal: boolean;
  columns: number;
}

export interface LayerLines {
  show(line: LayerLine): void;
  /** What is shown from here on stands below, and is not rewritten by what follows. */
  startOver(): void;
}

const BAR_WIDTH = 50;
/** Docker leaves out the bar on narrower terminals. */
const COLUMNS_FOR_BAR = 110;

export function createLayerLines({ write, isTerminal, columns }: LayerLinesOptions): LayerLines {
  let order: string[] = [];
  const shown = new Map<string, { line: LayerLine; text: string }>();
  return { show, startOver };

  function show(line: LayerLine): void {
    const before = shown.get(line.layer);
    // A late word of one process about what another has finished.
    if (before?.line.isFinal) return;
    if (!isTerminal && (before?.line.words === line.words || line.isQuiet)) return;
    const text = textOf(line, columns);
    if (before?.text === text) return;
    shown.set(line.layer, { line, text });
    if (!isTerminal) write(`${text}\n`);
    else if (before) rewrite(line.layer, text);
    else {
      order.push(line.layer);
      write(`${cut(text, columns)}\n`);
    }
  }

  function rewrite(layer: string, text: string): void {
    const up = order.length - order.indexOf(layer);
    write(`\x1b[${up}A\r\x1b[2K${cut(text, columns)}\r\x1b[${up}B`);
  }

  function startOver(): void {
    order = [];
    shown.clear();
  }
}

function textOf({ layer, words, current, total }: LayerLine, columns: number): string {
  const text = `${layer}: ${words}`;
  return current === undefined || total === undefined ? text : `${text} ${bar(current, total, columns)}`;
}

function bar(current: number, total: number, columns: number): string {
  const counter = `${humanSize(current).padStart(8)}/${humanSize(total)}`;
  if (columns <= COLUMNS_FOR_BAR) return counter;
  const filled = total === 0 ? BAR_WIDTH : Math.min(BAR_WIDTH, Math.trunc((current / total) * BAR_WIDTH));
  return `[${'='.repeat(filled)}>${' '.repeat(BAR_WIDTH - filled)}] ${counter}`;
}

const cut = (line: string, columns: number): string => (line.length < columns ? line : line.slice(0, columns - 1));
