// How a registry is reached: where its requests really go (mirrors first, itself last), with or without TLS, which certificates, or not at
// all. The one place that answers this, for pulls, pushes, logins and searches alike. It puts together our registries.json, podman's
// registries.conf, Docker's certs.d, SKIFF_INSECURE_REGISTRIES and what holds without any setting: this machine's own need no TLS.
import { EngineError } from '../sys/errors.ts';
import { hostCertificates } from './http/host-certificates.ts';
import type { TlsFiles } from './http/transport.ts';
import type { Reference } from './reference.ts';
import { readRegistriesConf } from './registries-conf.ts';
import { readRegistriesFile } from './registries-file.ts';
import { longestPrefix, matchesPrefix } from './registry-prefix.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** One server that may have the repository. */
export interface Endpoint {
  /** What credentials and certificates are kept under: `docker.io`, `localhost:5000`. */
  registry: string;
  /** Host and port of its API: Docker Hub's is not `docker.io`. */
  host: string;
  repository: string;
  isInsecure: boolean;
  /** Schemes in the order they are tried. */
  schemes: ('http' | 'https')[];
  tls: TlsFiles;
}

export interface EndpointOptions {
  /** false makes the registry insecure, for this once. */
  tlsVerify?: boolean | undefined;
  /** The registry itself, as it is named: neither mirrors nor another location. For logins, which are kept under its name. */
  asNamed?: boolean;
}

/** A place that stands in for a name: `mirror.lan:5000/hub`. */
export interface Place {
  location: string;
  isInsecure: boolean;
}

const DOCKER_HUB_HOST = 'registry-1.docker.io';

/** The servers to ask for `reference`, in order; the last is the registry itself. Throws ERR_REGISTRY_BLOCKED, ERR_REGISTRIES_FILE. */
export async function registryEndpoints(
  env: Env,
  reference: Pick<Reference, 'registry' | 'repository' | 'digest'>,
  options: EndpointOptions = {},
): Promise<Endpoint[]> {
  const name = `${reference.registry}/${reference.repository}`;
  const own = await readRegistriesFile(env);
  const conf = await readRegistriesConf(env);
  const rule = longestPrefix(name, conf.registries);
  if (rule?.isBlocked || own.blocked.some((prefix) => matchesPrefix(name, prefix))) throw blocked(name, reference.registry);
  const insecure = [...listed(env), ...own.insecure];
  const isInsecure = ({ location, isInsecure }: Place): boolean =>
    isInsecure || options.tlsVerify === false || insecure.some((prefix) => matchesPrefix(location, prefix));

  if (options.asNamed) return [endpointOf(env, name, isInsecure({ location: name, isInsecure: rule?.isInsecure ?? false }))];
  const ownMirrors = longestPrefix(name, own.mirrors);
  const theirs = (rule?.mirrors ?? []).filter(
    (mirror) => mirror.when === 'all' || (mirror.when === 'digest') === Boolean(reference.digest),
  );
  const { prefix, mirrors } = ownMirrors ?? { prefix: rule?.prefix ?? '', mirrors: theirs };
  const places = mirrors.map((mirror) => ({ ...mirror, location: moved(name, prefix, mirror.location) }));
  const origin = { location: rule ? moved(name, rule.prefix, rule.location) : name, isInsecure: rule?.isInsecure ?? false };
  return [...places, origin].map((place) => endpointOf(env, place.location, isInsecure(place)));

  function endpointOf(env: Env, location: string, isInsecure: boolean): Endpoint {
    const slash = location.indexOf('/');
    const registry = location.slice(0, slash);
    const host = registry === 'docker.io' ? DOCKER_HUB_HOST : registry;
    const tls = hostCertificates(env, registry, { named: longestPrefix(registry, own.certificates) });
    return { registry, host, repository: location.slice(slash + 1), tls, ...reach(registry, isInsecure, tls) };
  }
}

/** What is set, for `info`. Throws ERR_REGISTRIES_FILE. */
export async function describeRegistries(env: Env) {
  const own = await readRegistriesFile(env);
  const conf = await readRegistriesConf(env);
  const mirrors = new Map(conf.registries.map((rule) => [rule.prefix, rule.mirrors.map(({ location }) => location)]));
  for (const rule of own.mirrors)
    mirrors.set(
      rule.prefix,
      rule.mirrors.map(({ location }) => location),
    );
  return {
    files: [...own.files, ...conf.files],
    insecure: [
      ...new Set([...listed(env), ...own.insecure, ...conf.registries.filter((rule) => rule.isInsecure).map(({ prefix }) => prefix)]),
    ],
    blocked: [...new Set([...own.blocked, ...conf.registries.filter((rule) => rule.isBlocked).map(({ prefix }) => prefix)])],
    mirrors: [...mirrors].filter(([, locations]) => locations.length > 0),
  };
}

function reach(registry: string, isInsecure: boolean, tls: TlsFiles): Pick<Endpoint, 'isInsecure' | 'schemes'> {
  // Somebody who gives certificates for it wants them checked, on this machine too.
  if (isLoopback(registry) && !(tls.ca || tls.cert)) return { isInsecure: true, schemes: ['http', 'https'] };
  // Where TLS is there it is used, so that credentials stay covered on the wire.
  return { isInsecure, schemes: isInsecure ? ['https', 'http'] : ['https'] };
}

function listed(env: Env): string[] {
  return (env.SKIFF_INSECURE_REGISTRIES ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
}

/** `name` with what `prefix` matched of it replaced; a wildcard's location stands for the host. */
function moved(name: string, prefix: string, location: string): string {
  const matched = prefix.startsWith('*.') ? name.indexOf('/') : prefix.length;
  return location === '' ? name : `${location}${name.slice(matched)}`;
}

function blocked(name: string, registry: string): EngineError {
  const shown = name.replace(/\/$/, '');
  return new EngineError('ERR_REGISTRY_BLOCKED', `Refused "${shown}": the registry ${registry} is blocked by this machine's settings`, {
    hint: 'See which are with: skiff info; they are set in registries.json and registries.conf',
  });
}

/** `localhost`, 127.0.0.0/8 and ::1, with any port. */
export function isLoopback(registry: string): boolean {
  const host = registry.replace(/:\d+$/, '');
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
