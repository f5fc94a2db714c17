// What every file of src/commands/ extends. The statics are oclif's command properties, so its manifest and caching code read the
// classes, but neither @oclif/core's base class nor its parser is used: the package takes 35 ms to load, several times a whole
// `skiff ps`, and Docker's command line is that of pflag (see parse.ts).
import type { Ctx } from '../sys/context.ts';
import type { FlagSet, FlagValues } from './flag.ts';

export { flag } from './flag.ts';

/** The terminal as a command sees it. `out` and `err` write whole and in order, add no newline, and never truncate on a pipe. */
export interface Io {
  out(text: string | Uint8Array): void;
  err(text: string | Uint8Array): void;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  readonly stdinIsTerminal: boolean;
  /** Width of the terminal; 80 where there is none. */
  readonly columns: number;
}

/** What `run` is given: typed flags and positional arguments, already checked against `minArgs` and `maxArgs`. */
export interface Parsed<F extends FlagSet = FlagSet> {
  readonly ctx: Ctx;
  readonly flags: FlagValues<F>;
  readonly args: string[];
  /** Long names of the flags that the user gave, defaults not among them. */
  readonly given: ReadonlySet<string>;
  readonly io: Io;
}

export abstract class Command {
  /** Words joined by ':'; oclif's loader sets it from the file's path. */
  static id = '';
  /** One line, as in Docker's help. */
  static description = '';
  /** What follows `Usage:  skiff `: `stop [OPTIONS] CONTAINER [CONTAINER...]`. */
  static usage = '';
  /** Other ids of the command, words joined by ':' (`container:stop`). */
  static aliases: string[] = [];
  static examples: string[] = [];
  static hidden = false;
  static minArgs = 0;
  static maxArgs = Number.POSITIVE_INFINITY;
  /** What follows the first positional argument is not parsed: `run`, `create`, `exec`. */
  static stopAtFirstArgument = false;
  /** Exit code of an EngineError that names none of its own; 125 for `run`. */
  static errorExitCode = 1;
  static flags: FlagSet = {};

  /** How oclif's own loader (bin/run.ts) starts a command; the built file does not come by here. */
  static run = runFromOclif;

  /** Does the work. Returns the exit code; undefined means 0. Throws EngineError for what the user should read. */
  abstract run(input: Parsed): Promise<number | undefined>;
}

/** A command class as the dispatcher sees it. */
export type CommandClass = Pick<typeof Command, keyof typeof Command> & (new () => Command);

async function runFromOclif(this: { id: string }, words: string[] = []): Promise<void> {
  const { front } = await import('./front.ts');
  process.exit(await front([...this.id.split(':'), ...words]));
}
