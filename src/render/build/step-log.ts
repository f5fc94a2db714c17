// The output of one step as lines: put together from pieces that end anywhere, in the middle of a character too; the two streams apart. The last lines
// are kept for the moment that the step fails.

export interface LogLine {
  text: string;
  /** When its end came, ms since 1970. */
  at: number;
}

export interface StepLog {
  /** Returns the lines that are whole now. `data`: base64. */
  push(stream: 1 | 2, data: string, at: number): LogLine[];
  /** What was left without a newline at its end. */
  end(at: number): LogLine[];
  /** The last lines, unended ones among them. */
  tail(count: number): LogLine[];
}

const KEPT = 100;
/** A line without end is cut here, characters. */
const LONGEST = 64 * 1024;

export function createStepLog(): StepLog {
  const streams = new Map<number, { decoder: TextDecoder; rest: string; at: number }>();
  const kept: LogLine[] = [];

  const keep = (lines: LogLine[]): LogLine[] => {
    kept.push(...lines);
    if (kept.length > 2 * KEPT) kept.splice(0, kept.length - KEPT);
    return lines;
  };

  return {
    push(stream, data, at) {
      const held = streams.get(stream) ?? { decoder: new TextDecoder(), rest: '', at };
      streams.set(stream, held);
      const parts = (held.rest + held.decoder.decode(Buffer.from(data, 'base64'), { stream: true })).split('\n');
      held.rest = parts.pop() ?? '';
      held.at = at;
      if (held.rest.length > LONGEST) {
        parts.push(held.rest);
        held.rest = '';
      }
      return keep(parts.map((text) => ({ text: text.endsWith('\r') ? text.slice(0, -1) : text, at })));
    },
    end(at) {
      const rests = [...streams.values()].map(({ rest }) => rest).filter((rest) => rest !== '');
      streams.clear();
      return keep(rests.map((text) => ({ text, at })));
    },
    tail(count) {
      const open = [...streams.values()].filter(({ rest }) => rest !== '').map(({ rest, at }) => ({ text: rest, at }));
      return [...kept, ...open].slice(-count);
    },
  };
}
