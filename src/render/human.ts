// Durations and sizes in Docker's words (go-units): "2 minutes", "About an hour", "7.85MB", "7.451GiB".
// Trap: sizes keep three (lists of objects) or four (sums, BytesSize) significant digits, not a number of decimals.

const DECIMAL = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'];

/** A span of time, in milliseconds, as `docker ps` says it. */
export function humanDuration(spanMs: number): string {
  const seconds = Math.trunc(spanMs / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.trunc(spanMs / 60_000);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.floor(spanMs / 3_600_000 + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.trunc(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.trunc(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.trunc(hours / 24 / 30)} months`;
  return `${Math.trunc(spanMs / 3_600_000 / 24 / 365)} years`;
}

/** `2 minutes ago` of an RFC 3339 time; 'N/A' when it is no time. */
export function ago(time: string, now: Date): string {
  const then = Date.parse(time);
  return Number.isNaN(then) ? 'N/A' : `${humanDuration(now.getTime() - then)} ago`;
}

/** Bytes in decimal units, three significant digits: `7.85MB`. */
export function humanSize(bytes: number): string {
  return scaled(bytes, 1000, DECIMAL, 3);
}

/** Bytes in decimal units, four significant digits: `7.851MB`. */
export function preciseSize(bytes: number): string {
  return scaled(bytes, 1000, DECIMAL, 4);
}

/** Bytes in binary units, four significant digits: `7.451GiB`. */
export function binarySize(bytes: number): string {
  return scaled(bytes, 1024, BINARY, 4);
}

function scaled(bytes: number, step: number, units: string[], digits: number): string {
  let value = bytes;
  let unit = 0;
  // What rounds up to a whole step belongs to the next unit: 999 999 bytes are 1MB. Only what is near one has to be rounded to tell.
  while (unit < units.length - 1 && (value >= step || (value > step * 0.9 && Number(value.toPrecision(digits)) >= step))) {
    value /= step;
    unit++;
  }
  return `${Number(value.toPrecision(digits))}${units[unit]}`;
}
