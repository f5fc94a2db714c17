// What ps prints, as a table: a line of titles, then a line for each process - or several, where threads are shown below it. The last column
// holds the rest of its line, blanks and all.
import { EngineError } from '../../sys/errors.ts';

export interface ProcessTable {
  titles: string[];
  rows: string[][];
}

/** The lines of `pids`. Throws ERR_PS in Docker's words when there is no column PID, or something else in it. */
export function parsePs(text: string, pids: ReadonlySet<number>): ProcessTable {
  const [first = '', ...lines] = text.split('\n');
  const titles = fields(first);
  const column = titles.indexOf('PID');
  if (column < 0) {
    throw new EngineError('ERR_PS', "Couldn't find PID field in ps output", {
      hint: 'Have ps print it, such as: skiff top NAME -o pid,cmd',
    });
  }
  const rows: string[][] = [];
  let isWithin = false;
  for (const line of lines) {
    if (line === '') continue;
    const cells = fields(line);
    const pid = cells[column] ?? '';
    // A thread, below its process.
    if (pid === '-' && isWithin) rows.push(row(cells, titles.length));
    if (pid === '-') continue;
    if (!/^\d+$/.test(pid)) throw new EngineError('ERR_PS', `Unexpected pid '${pid}' in what ps says`);
    isWithin = pids.has(Number(pid));
    if (isWithin) rows.push(row(cells, titles.length));
  }
  return { titles, rows };
}

// Blanks of ASCII alone: names of processes may hold others.
const fields = (line: string): string[] => line.split(/[ \t\n\v\f\r]+/).filter(Boolean);

const row = (cells: string[], count: number): string[] => [...cells.slice(0, count - 1), cells.slice(count - 1).join(' ')];
