// The options of the file log drivers (`--log-opt max-size=10m --log-opt max-file=3`) as numbers. Docker's two drivers differ in what an m
// is (a million for json-file, 2^20 for local) and in their defaults; a log without limits is none of them, since it fills the disk.
import type { RotationOptions } from './log-rotation.ts';

const LETTERS = 'kmgtp';

/** What `openLogWriter` takes; an option that is missing or says nothing leaves the driver's default. */
export function logLimits(type: string, config: Readonly<Record<string, string>>): RotationOptions {
  const isLocal = type === 'local';
  const maxSizeBytes = parseLogSize(type, config['max-size'] ?? '') ?? 0;
  const maxFiles = Number(config['max-file'] ?? 0);
  return {
    ...(maxSizeBytes > 0 ? { maxSizeBytes } : isLocal ? { maxSizeBytes: 20 << 20 } : {}),
    ...(Number.isInteger(maxFiles) && maxFiles > 0 ? { maxFiles } : isLocal ? { maxFiles: 5 } : {}),
    ...((config.compress ?? String(isLocal)) === 'true' ? { compress: true } : {}),
  };
}

/** `10m` as bytes; undefined when it is no size. */
export function parseLogSize(type: string, text: string): number | undefined {
  const [, amount, letter = ''] = /^(\d+(?:\.\d+)?) ?(?:([kmgtp])i?)?b?$/i.exec(text) ?? [];
  if (amount === undefined) return undefined;
  const power = letter === '' ? 0 : LETTERS.indexOf(letter.toLowerCase()) + 1;
  return Math.floor(Number(amount) * (type === 'local' ? 1024 : 1000) ** power);
}
