// `PATH:WEIGHT` and `PATH:RATE`, as --blkio-weight-device and the four --device-* rates take them. Errors are Docker's words; the parser
// adds which flag it was. Whether there is such a device is looked at when the container is created.
import type { ThrottleDevice } from '../../storage/records.ts';
import { parseBytes } from './sizes.ts';

/** `/dev/sda:500`: 10 to 1000, or 0 for the kernel's own. */
export function parseWeightDevice(text: string): { Path: string; Weight: number } {
  const [Path, amount] = split(text);
  const Weight = /^\d{1,5}$/.test(amount) ? Number(amount) : -1;
  if (Weight !== 0 && (Weight < 10 || Weight > 1000)) throw new Error(`invalid weight for device: ${text}`);
  return { Path, Weight };
}

/** `/dev/sda:1mb`: bytes a second. */
export function parseByteRate(text: string): ThrottleDevice {
  const [Path, amount] = split(text);
  try {
    return { Path, Rate: parseBytes(amount) };
  } catch {
    throw new Error(
      `invalid rate for device: ${text}. The correct format is <device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb`,
    );
  }
}

/** `/dev/sda:1000`: operations a second. */
export function parseOperationRate(text: string): ThrottleDevice {
  const [Path, amount] = split(text);
  if (!/^\d{1,15}$/.test(amount)) {
    throw new Error(`invalid rate for device: ${text}. The correct format is <device-path>:<number>. Number must be a positive integer`);
  }
  return { Path, Rate: Number(amount) };
}

function split(text: string): [path: string, amount: string] {
  const [path = '', amount, ...more] = text.split(':');
  if (amount === undefined || more.length > 0) throw new Error(`bad format: ${text}`);
  if (!path.startsWith('/dev/')) throw new Error(`bad format for device path: ${text}`);
  return [path, amount];
}
