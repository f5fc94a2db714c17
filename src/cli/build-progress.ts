// A build's progress where the user watches it: on a terminal redrawn in place, elsewhere lines, or as asked. On standard error, as Docker's.
// A line-by-line spinner such as ora's does not serve: many lines change at once, with output below them that must be fitted to the terminal.
import type { BuildEvent } from '../engine/build/model.ts';
import type { BuildRenderer } from '../render/build/events.ts';
import { createPlainBuild } from '../render/build/plain.ts';
import { createQuietBuild } from '../render/build/quiet.ts';
import { createRawJsonBuild } from '../render/build/raw-json.ts';
import { createTerminalBuild } from '../render/build/terminal.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { terminalSize } from '../sys/terminal.ts';
import type { Io } from './command.ts';

export type ProgressMode = 'auto' | 'none' | 'plain' | 'quiet' | 'rawjson' | 'tty';

export interface BuildProgress {
  onEvent: (event: BuildEvent) => void;
  /** Before the error of a failed build is printed. */
  finish: (isFailed: boolean) => void;
}

const FRAME_MS = 120;
const STDERR = 2;

/** `--progress`, else BUILDKIT_PROGRESS, else by what standard error is; `-q` makes it quiet. Throws ERR_BAD_PROGRESS. */
export function progressMode({ env }: Ctx, io: Io, { progress, quiet }: { progress?: string | undefined; quiet: boolean }): ProgressMode {
  if (quiet && progress !== undefined && progress !== 'quiet' && progress !== 'auto' && progress !== 'none') {
    throw bad(`progress=${progress} and quiet cannot be used together`, 'Leave one of the two out');
  }
  if (quiet) return 'quiet';
  const asked = MODES.find((mode) => mode === (progress ?? (env.BUILDKIT_PROGRESS || 'auto')));
  if (!asked) throw bad(`BUILDKIT_PROGRESS="${env.BUILDKIT_PROGRESS}" is no kind of progress`, `Set it to one of: ${MODES.join(', ')}`);
  if (asked === 'tty' && !io.stderrIsTerminal) throw bad('failed to get console: standard error is not a terminal', 'Use --progress plain');
  if (asked !== 'auto') return asked;
  return io.stderrIsTerminal && env.TERM !== 'dumb' ? 'tty' : 'plain';
}

const MODES: readonly ProgressMode[] = ['auto', 'none', 'plain', 'quiet', 'rawjson', 'tty'];

/** `explain`: show what the cache has to say of each step. */
export function showBuild(ctx: Ctx, io: Io, { mode, explain }: { mode: ProgressMode; explain: boolean }): BuildProgress {
  const shown = showAll(ctx, io, mode);
  return explain ? shown : { ...shown, onEvent: (event) => void (event.type === 'explain' || shown.onEvent(event)) };
}

function showAll(ctx: Ctx, io: Io, mode: ProgressMode): BuildProgress {
  if (mode === 'tty') return onTerminal(ctx, io);
  const renderer = rendererOf(mode);
  const write = (text: string): void => {
    if (text !== '') io.err(text);
  };
  return { onEvent: (event) => write(renderer.take(event)), finish: () => write(renderer.finish()) };
}

function rendererOf(mode: ProgressMode): BuildRenderer {
  if (mode === 'plain') return createPlainBuild();
  return mode === 'rawjson' ? createRawJsonBuild() : createQuietBuild();
}

function onTerminal({ env }: Ctx, io: Io): BuildProgress {
  const size = () => terminalSize(STDERR) ?? { columns: io.columns, rows: 24 };
  const terminal = createTerminalBuild({ startedAt: Date.now(), colours: !env.NO_COLOR });
  const draw = (): void => io.err(terminal.frame(Date.now(), size()));
  const timer = setInterval(draw, FRAME_MS);
  process.on('SIGWINCH', draw);
  return {
    onEvent: (event) => terminal.take(event),
    finish(isFailed) {
      clearInterval(timer);
      process.off('SIGWINCH', draw);
      io.err(terminal.finish(Date.now(), { ...size(), isFailed }));
    },
  };
}

const bad = (message: string, hint: string): EngineError => new EngineError('ERR_BAD_PROGRESS', message, { hint });
