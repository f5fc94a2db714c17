// The front: from the words on the command line to a command's exit code. Loads the one command that was named and nothing else;
// help, suggestions and the manifest come in only when they are shown.
import { EngineError } from '../sys/errors.ts';
import type { CommandClass, Io, Parsed } from './command.ts';
import { commands } from './commands.generated.ts';
import { createContext } from './context.ts';
import { type GlobalFlags, globalFlags, refuseDaemonFlags } from './globals.ts';
import { healing } from './healing.ts';
import { BrokenPipe, createIo } from './io.ts';
import { argumentCountProblem, type ParsedLine, parseLine } from './parse.ts';
import { reportOf } from './report.ts';
import { resolveCommand } from './resolve.ts';
import { usageOf } from './usage.ts';
import { versionLine } from './version.ts';

/** 128 + SIGPIPE: what a program that lost its reader exits with. */
const EXIT_BROKEN_PIPE = 141;

interface Run {
  io: Io;
  debug: boolean;
  errorExitCode: number;
}

/** Runs one command line and returns its exit code; prints every error itself. */
export async function front(words: readonly string[]): Promise<number> {
  const run: Run = { io: createIo(process.env), debug: isOn(process.env.SKIFF_DEBUG), errorExitCode: 1 };
  const failLate = (error: unknown): never => process.exit(fail(run, error));
  process.on('uncaughtException', failLate);
  process.on('unhandledRejection', failLate);
  try {
    return await dispatch(run, words);
  } catch (error) {
    return fail(run, error);
  }
}

function fail(run: Run, error: unknown): number {
  if (error instanceof BrokenPipe) return EXIT_BROKEN_PIPE;
  const report = reportOf(error, run);
  run.io.err(report.text);
  return report.exitCode;
}

async function dispatch(run: Run, words: readonly string[]): Promise<number> {
  const line = parseOrExplain({ flags: globalFlags, stopAtFirstArgument: true }, words, 'skiff [OPTIONS] COMMAND [ARG...]', 'skiff');
  const globals = line.flags as GlobalFlags;
  if (globals.debug || globals['log-level'] === 'debug') run.debug = true;
  if (globals.version) {
    run.io.out(versionLine());
    return 0;
  }
  const [first, ...others] = line.args;
  if (line.help || first === undefined) return await printHelp(run.io, []);
  if (first === 'help') return await printHelp(run.io, others);
  refuseDaemonFlags(globals);

  const found = resolveCommand(commands, line.args);
  if (found.kind === 'unknown') throw await unknownCommand([found.name]);
  if (found.kind === 'topic') {
    const word = found.rest[0];
    if (word === undefined || word === '--help' || word === '-h') return await printHelp(run.io, [found.topic]);
    throw await unknownCommand([found.topic, word]);
  }
  const { default: Class } = await found.entry.load();
  return await runCommand(run, { Class, id: found.entry.id, name: found.name, words: found.rest, globals });
}

interface Invocation {
  Class: CommandClass;
  id: string;
  name: string;
  words: string[];
  globals: GlobalFlags;
}

async function runCommand(run: Run, { Class, id, name, words, globals }: Invocation): Promise<number> {
  const usage = usageOf(Class.usage, id, name);
  const line = parseOrExplain(Class, words, usage, `skiff ${name}`);
  if (line.help) return await printHelp(run.io, name.split(' '));
  const problem = argumentCountProblem(`skiff ${name}`, line.args.length, Class);
  if (problem) throw new EngineError('ERR_USAGE', problem, { hint: usageHint(usage, `skiff ${name}`) });
  run.errorExitCode = Class.errorExitCode;
  const ctx = createContext(process.env, globals, (message) => run.io.err(`skiff: warning: ${message}\n`));
  if (globals.restore || isOn(process.env.SKIFF_RESTORE)) await (await import('./restore.ts')).restoreFirst(ctx, run.io);
  const input: Parsed = { ctx, flags: line.flags, args: line.args, given: line.given, io: run.io };
  return (await healing(() => new Class().run(input), { ctx, command: id, words, say: (line) => run.io.err(line) })) ?? 0;
}

/** Parses, adding to a usage error what Docker adds: the usage line and where to read more. */
function parseOrExplain(grammar: Parameters<typeof parseLine>[0], words: readonly string[], usage: string, command: string): ParsedLine {
  try {
    return parseLine(grammar, words);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError(error.code, error.message, { exitCode: error.exitCode, hint: usageHint(usage, command) });
  }
}

function usageHint(usage: string, command: string): string {
  return `\nUsage:  ${usage}\n\nRun '${command} --help' for more information`;
}

async function printHelp(io: Io, words: string[]): Promise<number> {
  if (words.length > 0) {
    const found = resolveCommand(commands, words);
    if (found.kind === 'unknown' || (found.kind === 'topic' && found.rest.length > 0)) throw await unknownCommand(words);
    if (found.kind === 'command') {
      const { default: Class } = await found.entry.load();
      const { commandHelp } = await import('./help/command.ts');
      io.out(commandHelp(Class, { id: found.entry.id, name: found.name, columns: io.columns }));
      return 0;
    }
  }
  const { rootHelp, topicHelp } = await import('./help/root.ts');
  io.out(words[0] === undefined ? rootHelp(io.columns) : topicHelp(words[0]));
  return 0;
}

async function unknownCommand(words: string[]): Promise<EngineError> {
  const { ABSENT } = await import('./absent.ts');
  const [first = ''] = words;
  if (ABSENT[first] !== undefined)
    return new EngineError('ERR_UNKNOWN_COMMAND', `unknown command: skiff ${first}`, {
      hint: `Docker's "${first}" is not in skiff: ${ABSENT[first]}`,
    });
  const { suggest } = await import('../engine/suggest.ts');
  const parents = words.slice(0, -1);
  const siblings = new Set<string>();
  for (const id of Object.keys(commands)) {
    const parts = id.split(':');
    const sibling = parts[parents.length];
    if (sibling !== undefined && parents.every((parent, at) => parts[at] === parent)) siblings.add(sibling);
  }
  const nearest = suggest(words.at(-1) ?? '', [...siblings]);
  const lines = nearest === undefined ? [] : ['', `Did you mean: skiff ${[...parents, nearest].join(' ')}`];
  if (parents.length > 0) lines.push('', `Usage:  skiff ${parents.join(' ')} COMMAND`);
  lines.push('', `Run '${['skiff', ...parents].join(' ')} --help' for more information`);
  return new EngineError('ERR_UNKNOWN_COMMAND', `unknown command: skiff ${words.join(' ')}`, { hint: lines.join('\n') });
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0';
}
