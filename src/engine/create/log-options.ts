// `--log-driver` and `--log-opt`, refused in Docker's words before anything is made.
import { unknownInTag } from '../../runtime/log-attributes.ts';
import { parseLogSize } from '../../runtime/log-limits.ts';
import type { HostConfig } from '../../storage/records.ts';
import { EngineError } from '../../sys/errors.ts';

type LogConfig = HostConfig['LogConfig'];

const CHOICES = ['labels', 'labels-regex', 'env', 'env-regex', 'tag'];
const FILES = ['max-size', 'max-file', 'compress'];
/** The options of each driver; `mode` and `max-buffer-size` are everyone's. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  'json-file': [...FILES, ...CHOICES],
  local: FILES,
  journald: CHOICES,
  none: [],
};

/** The configuration, json-file without one. Throws ERR_LOG_OPTION or ERR_LOG_DRIVER (exit code 125). */
export function checkLogConfig(given: LogConfig = { Type: 'json-file', Config: {} }): LogConfig {
  const { Type, Config } = given;
  const known = OPTIONS[Type];
  if (!known)
    throw new EngineError('ERR_LOG_DRIVER', `Logger: no log driver named '${Type}' is registered`, {
      hint: 'Use json-file, local, journald or none; a program of your own can read "skiff logs -f"',
      exitCode: 125,
    });
  for (const [name, value] of Object.entries(Config)) {
    if (name === 'mode' || name === 'max-buffer-size') checkMode(name, value, Config);
    else if (known.includes(name)) CHECKS[name]?.(value, given);
    else throw bad(`Unknown log opt '${name}' for ${Type} log driver`, known.length ? `It takes ${known.join(', ')}` : 'It takes none');
  }
  return given;
}

const CHECKS: Readonly<Record<string, (value: string, config: LogConfig) => void>> = {
  'max-size': (value, { Type }) => {
    const size = parseLogSize(Type, value);
    if (size === undefined) throw bad(`Invalid value for max-size: invalid size: '${value}'`, 'Give a size such as 10m');
    if (size === 0) throw bad('Max-size must be a positive number', 'Give a size such as 10m');
  },
  'max-file': (value) => {
    if (!/^[+-]?\d+$/.test(value)) throw bad(`Invalid value for max-file: '${value}' is no number`, 'Give a number of files');
    if (Number(value) < 1) throw bad('Max-file cannot be less than 1', 'Give a number of files');
    if (Number(value) > 99) throw bad(`Max-file cannot be more than 99: ${value}`, 'Give a larger max-size');
  },
  compress: (value, { Config }) => {
    if (value !== 'true' && value !== 'false') throw bad(`Invalid value for compress: '${value}'`, 'Give true or false');
    if (value === 'true' && Config['max-file'] === '1')
      throw bad('Compress cannot be true when max-file is less than 2', 'Give max-file=2');
  },
  'labels-regex': expression,
  'env-regex': expression,
  tag: (value) => {
    const unknown = unknownInTag(value);
    if (unknown)
      throw bad(
        `Invalid log tag: cannot fill in "${unknown}"`,
        'Use {{.ID}}, {{.FullID}}, {{.Name}}, {{.ImageID}}, {{.ImageName}} and text',
      );
  },
};

function expression(value: string): void {
  try {
    new RegExp(value);
  } catch (cause) {
    throw new EngineError('ERR_LOG_OPTION', `Invalid regular expression in a log option: "${value}"`, {
      cause,
      hint: 'Give one that grep -E would take',
      exitCode: 125,
    });
  }
}

// Docker's other mode drops what the log cannot take; here the log is a file, or journald, which the container waits for.
function checkMode(name: string, value: string, { mode = 'blocking' }: Readonly<Record<string, string>>): void {
  if (name === 'mode' && value === 'non-blocking') {
    throw bad('Log mode "non-blocking" is not supported: nothing that a container prints is dropped', 'Leave mode= out, or give blocking');
  }
  if (name === 'mode' && value !== 'blocking')
    throw bad(`Logger: logging mode not supported: ${value}`, 'Leave mode= out, or give blocking');
  if (name === 'max-buffer-size' && mode !== 'non-blocking') {
    throw bad("Logger: max-buffer-size option is only supported with 'mode=non-blocking'", 'Leave it out');
  }
}

const bad = (message: string, hint: string): EngineError => new EngineError('ERR_LOG_OPTION', message, { hint, exitCode: 125 });
