// --device and --gpus. A device is a node below /dev, or a name `vendor.com/class=name` that CDI files describe; GPUs are always the latter.
import type { DeviceRequest, HostConfig } from '../engine/create/options.ts';
import { type Device, device } from './container-values.ts';
import type { FlagValues, ListFlag } from './flag.ts';

export const deviceFlags = {
  device: listOf(deviceOrName, { helpValue: 'list', description: 'Add a host device to the container, or one that CDI files describe' }),
  gpus: listOf(gpus, { helpValue: 'gpu-request', description: "GPU devices to add to the container ('all' to pass all GPUs)" }),
};

/** What of HostConfig the flags ask for; absent is none. */
export function deviceOptions(flags: FlagValues<typeof deviceFlags>): Partial<HostConfig> {
  const nodes = flags.device.filter((one): one is Device => typeof one !== 'string');
  const names = flags.device.filter((one): one is string => typeof one === 'string');
  const named: DeviceRequest[] = names.length > 0 ? [{ Driver: 'cdi', Count: 0, DeviceIDs: names, Capabilities: [], Options: {} }] : [];
  const requests = [...flags.gpus, ...named];
  return { ...(nodes.length > 0 ? { Devices: nodes } : {}), ...(requests.length > 0 ? { DeviceRequests: requests } : {}) };
}

const CDI_NAME = /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*=[A-Za-z0-9][\w.:-]*$/;

function deviceOrName(text: string): Device | string {
  return CDI_NAME.test(text) ? text : device(text);
}

/** `all`, a number, or `key=value` with commas between, as in a line of CSV: count, device, driver, capabilities, options. */
export function gpus(text: string): DeviceRequest {
  const request: DeviceRequest = { Driver: '', Count: 0, DeviceIDs: null, Capabilities: [], Options: {} };
  const capabilities = new Set<string>();
  const seen = new Set<string>();
  for (const field of csv(text)) {
    const equals = field.indexOf('=');
    const [key, value] = equals < 0 ? ['count', field] : [field.slice(0, equals), field.slice(equals + 1)];
    if (seen.has(key)) throw new Error(`gpu request key '${key}' can be specified only once`);
    seen.add(key);
    if (key === 'count') request.Count = countOf(value);
    else if (key === 'device') request.DeviceIDs = value.split(',');
    else if (key === 'driver') request.Driver = value;
    else if (key === 'capabilities') for (const one of value.split(',')) capabilities.add(one);
    else if (key === 'options') request.Options = Object.fromEntries(value.split(',').map((pair) => cut(pair)));
    else throw new Error(`unexpected key '${key}' in '${field}'`);
  }
  if (seen.has('count') && seen.has('device')) throw new Error('cannot set both Count and DeviceIDs on device request');
  if (!seen.has('count') && !seen.has('device')) request.Count = 1;
  return { ...request, Capabilities: [[...new Set([...capabilities, 'gpu'])]] };
}

function countOf(text: string): number {
  if (text === 'all') return -1;
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new Error(`invalid count (${text}): value must be either "all" or an integer`);
}

function cut(pair: string): [string, string] {
  const equals = pair.indexOf('=');
  return equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
}

/** The fields of one line; quotes keep commas in a field. */
function csv(text: string): string[] {
  const fields = text.match(/("(?:[^"]|"")*"|[^",]*)(?:,|$)/g)?.slice(0, -1) ?? [];
  return fields.map((field) =>
    field
      .replace(/,$/, '')
      .replace(/^"(.*)"$/s, '$1')
      .replaceAll('""', '"'),
  );
}

function listOf<T>(parse: (text: string) => T, spec: { helpValue: string; description: string }): ListFlag<T> {
  return { ...spec, type: 'option', multiple: true, default: [], parse };
}
