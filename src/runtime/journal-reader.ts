// Reads a container's lines back from the journal, by journalctl, which knows its files. Following asks again for what came after the
// last line seen; whether the container lives is asked before, so that its last lines are seen.
import { EngineError } from '../sys/errors.ts';
import { findProgram } from '../sys/programs.ts';
import type { LogEntry, ReadLogOptions } from './log-reader.ts';

export interface JournalQuery extends ReadLogOptions {
  containerId: string;
  env: Readonly<Record<string, string | undefined>>;
  /** What each line of the container carries. */
  attrs: Readonly<Record<string, string>>;
}

interface JournalLine {
  __CURSOR: string;
  /** Microseconds since 1970. */
  __REALTIME_TIMESTAMP: string;
  /** Bytes when it is no text; null when it is too large to be shown. */
  MESSAGE: string | number[] | null;
  PRIORITY?: string;
  CONTAINER_PARTIAL_MESSAGE?: string;
}

const PAUSE_MS = 300;

/** As `readLog`. Throws ERR_LOG_DRIVER where there is no journalctl, ERR_JOURNAL with its words when it fails. */
export async function readJournal(query: JournalQuery, visit: (entries: LogEntry[]) => void): Promise<void> {
  const { isAlive, signal, untilNs, tail } = query;
  const program = findProgram(query.env, 'journalctl');
  if (!program) {
    throw new EngineError('ERR_LOG_DRIVER', 'Configured logging driver does not support reading: journalctl is not installed', {
      hint: 'Install it with systemd, or create the container with --log-driver local',
    });
  }
  let cursor: string | undefined;
  for (let isFirst = true; ; isFirst = false) {
    const alive = isAlive?.() ?? false;
    const limit = isFirst && tail !== undefined ? ['--lines', String(tail)] : ['--lines=all'];
    const after = cursor === undefined ? [] : ['--after-cursor', cursor];
    const lines = tail === 0 && isFirst ? await newest(program, query) : await ask(program, query, [...limit, ...after]);
    cursor = lines.at(-1)?.__CURSOR ?? cursor;
    if (!(tail === 0 && isFirst) && lines.length > 0) visit(lines.map((line) => entryOf(line, query.attrs)));
    const isOver = untilNs !== undefined && BigInt(Date.now()) * 1_000_000n > untilNs;
    if (!isAlive || !alive || isOver || signal?.aborted) return;
    await Bun.sleep(PAUSE_MS);
  }
}

/** The last line, to follow from. */
const newest = (program: string, query: JournalQuery): Promise<JournalLine[]> => ask(program, query, ['--lines', '1']);

async function ask(program: string, { containerId, sinceNs, untilNs, env }: JournalQuery, options: string[]): Promise<JournalLine[]> {
  const time = (ns: bigint): string => `@${ns / 1_000_000_000n}.${String((ns % 1_000_000_000n) / 1000n).padStart(6, '0')}`;
  const range = [
    ...(sinceNs === undefined ? [] : ['--since', time(sinceNs)]),
    ...(untilNs === undefined ? [] : ['--until', time(untilNs)]),
  ];
  const argv = [program, '--quiet', '--no-pager', '--all', '--output=json', ...options, ...range, `CONTAINER_ID_FULL=${containerId}`];
  const child = Bun.spawn(argv, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...env } });
  const [text, errors, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0 && text === '' && errors.trim() !== '') {
    throw new EngineError('ERR_JOURNAL', `Cannot read the journal: ${errors.trim().split('\n')[0]}`, {
      hint: 'Join the group systemd-journal, or keep the journal on disk (/var/log/journal), where your own lines are yours to read',
    });
  }
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as JournalLine]));
}

function entryOf(line: JournalLine, attrs: Readonly<Record<string, string>>): LogEntry {
  const { MESSAGE, PRIORITY, __REALTIME_TIMESTAMP: micros } = line;
  const text = Array.isArray(MESSAGE) ? Buffer.from(MESSAGE).toString() : (MESSAGE ?? '');
  return {
    log: line.CONTAINER_PARTIAL_MESSAGE === 'true' ? text : `${text}\n`,
    stream: PRIORITY === '3' ? 'stderr' : 'stdout',
    time: `${new Date(Math.floor(Number(micros) / 1000)).toISOString().slice(0, 19)}.${micros.slice(-6)}Z`,
    ...(Object.keys(attrs).length > 0 ? { attrs: { ...attrs } } : {}),
  };
}
