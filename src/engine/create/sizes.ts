// Docker's spellings of amounts: `512m`, `1.5g`, `--cpus 0.5`. Errors are plain: the caller adds which flag it was.

const UNITS: Readonly<Record<string, number>> = { '': 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, p: 2 ** 50 };

/** `64m`, `64MiB`, `64 mb`, `1.5g` → bytes. Throws an Error in Docker's words. */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text);
  if (!match) throw new Error(`invalid size: '${text}'`);
  const [, number = '', suffix = ''] = match;
  const unit = /^([bkmgtp]?)(?:i?b)?$/i.exec(suffix)?.[1]?.toLowerCase();
  if (unit === undefined) throw new Error(`invalid suffix: '${suffix}'`);
  return Math.trunc(Number(number) * (UNITS[unit] ?? 1));
}

/** `--cpus` → billionths of a CPU. */
export function parseCpus(text: string): number {
  const fraction = /^(\d+)\/(\d+)$/.exec(text);
  const value = fraction ? Number(fraction[1]) / Number(fraction[2]) : /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) throw new Error(`failed to parse ${text} as a rational number`);
  const nano = value * 1e9;
  if (Math.abs(nano - Math.round(nano)) > 1e-3) throw new Error('value is too precise');
  return Math.round(nano);
}
