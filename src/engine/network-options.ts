// `com.docker.network.*` options of networks and of endpoints: what each may be, in Docker's words. One that means nothing here, or that skiff does
// not know, is refused by name.
import { EngineError } from '../sys/errors.ts';

type Check = (value: string) => string | undefined;
interface Refused {
  refused: string;
}

const BRIDGE = 'com.docker.network.bridge.';

const isBoolean: Check = (value) =>
  /^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(value) ? undefined : 'it must be true or false';
const interfaceName: Check = (value) =>
  /^[^\s/:%]{1,15}$/.test(value) && value !== '.' && value !== '..'
    ? undefined
    : 'an interface name has 1 to 15 characters, no slash and no space';

const NETWORK: Readonly<Record<string, Check | Refused>> = {
  [`${BRIDGE}name`]: interfaceName,
  [`${BRIDGE}enable_icc`]: isBoolean,
  [`${BRIDGE}host_binding_ipv4`]: (value) =>
    /^\d{1,3}(\.\d{1,3}){3}$/.test(value) && value.split('.').every((part) => Number(part) < 256)
      ? undefined
      : 'it must be an IPv4 address',
  [`${BRIDGE}enable_ip_masquerade`]: (value) =>
    isBoolean(value) ??
    (isTrue(value) ? undefined : 'without root a container reaches the outside only as its user; use --internal for none at all'),
  [`${BRIDGE}default_bridge`]: { refused: 'the default network is always there, and is called bridge' },
  [`${BRIDGE}inhibit_ipv4`]: { refused: 'the bridge of a network has its gateway address' },
  [`${BRIDGE}gateway_mode_ipv4`]: gatewayMode,
  [`${BRIDGE}gateway_mode_ipv6`]: gatewayMode,
  [`${BRIDGE}trusted_host_interfaces`]: { refused: 'no packet of the host is routed to containers: publish a port with --publish' },
  'com.docker.network.driver.mtu': (value) =>
    /^\d+$/.test(value) && Number(value) >= 68 && Number(value) <= 65_535 ? undefined : 'it must be a number of bytes from 68 to 65535',
  'com.docker.network.container_iface_prefix': (value) =>
    /^[A-Za-z][\w-]{0,11}$/.test(value) ? undefined : 'it must be a short name such as eth',
};

const ENDPOINT: Readonly<Record<string, Check | Refused>> = {
  'com.docker.network.endpoint.ifname': interfaceName,
  'com.docker.network.endpoint.sysctls': { refused: 'not supported: sysctls are given to the container with --sysctl' },
};

/** Throws ERR_BAD_OPTION naming the option of `network create --opt`. */
export function checkNetworkOptions(options: Readonly<Record<string, string>>): void {
  check(options, { known: NETWORK, what: 'option', exitCode: 1 });
}

/** Throws ERR_BAD_OPTION (125) naming the option of an endpoint. */
export function checkDriverOptions(options: Readonly<Record<string, string>>): void {
  check(options, { known: ENDPOINT, what: 'driver option', exitCode: 125 });
}

interface Rules {
  known: Readonly<Record<string, Check | Refused>>;
  what: string;
  exitCode: number;
}

function check(options: Readonly<Record<string, string>>, { known, what, exitCode }: Rules): void {
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(known, name) ? known[name] : undefined;
    if (rule === undefined) {
      const names = Object.keys(known).filter((key) => typeof known[key] === 'function');
      throw refuse(`Unknown driver option "${name}"`, `Known ones: ${names.join(', ')}`, exitCode);
    }
    const why = typeof rule === 'function' ? rule(value) : rule.refused;
    if (why !== undefined) throw refuse(`Invalid ${what} "${name}=${value}": ${why}`, 'Leave it out, or correct it', exitCode);
  }
}

/** What Docker takes for true. */
export const isTrue = (value: string): boolean => /^(1|t|true)$/i.test(value);

function gatewayMode(value: string): string | undefined {
  if (value === 'nat' || value === '') return undefined;
  return 'a network here hands packets on as "nat" does; use --internal for one without a way out';
}

const refuse = (message: string, hint: string, exitCode: number): EngineError =>
  new EngineError('ERR_BAD_OPTION', message, { hint, exitCode });
