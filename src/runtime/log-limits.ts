// The options of the json-file log driver (`--log-opt max-size=10m --log-opt max-file=3`) as numbers.

const UNITS: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** What `openLogWriter` takes; an option that is missing or says nothing leaves its default. */
export function logLimits(config: Readonly<Record<string, string>>): { maxSizeBytes?: number; maxFiles?: number } {
  const [, amount = '0', unit = ''] = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)b?$/i.exec(config['max-size'] ?? '') ?? [];
  const maxSizeBytes = Math.floor(Number(amount) * (UNITS[unit.toLowerCase()] ?? 1));
  const maxFiles = Number(config['max-file'] ?? 0);
  return { ...(maxSizeBytes > 0 ? { maxSizeBytes } : {}), ...(Number.isInteger(maxFiles) && maxFiles > 0 ? { maxFiles } : {}) };
}
