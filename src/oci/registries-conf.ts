// podman's settings for registries, read only: registries.conf version 2 (containers-registries.conf(5)) and the files of its .d folders.
// The user's file stands in for the system's; a .d file's [[registry]] replaces one of the same prefix. Short names stay Docker's:
// `alpine` is docker.io's, whatever unqualified-search-registries says. The TOML parser is loaded only where a file is there.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfiguredTable } from './registries-conf-schema.ts';
import type { Place } from './registry-config.ts';
import { brokenSettings, configHome, readIfThere } from './settings-file.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface ConfiguredMirror extends Place {
  /** For references with a digest, without one, or both. */
  when: 'all' | 'digest' | 'tag';
}

export interface ConfiguredRegistry extends Place {
  prefix: string;
  isBlocked: boolean;
  mirrors: ConfiguredMirror[];
}

export interface RegistriesConf {
  /** The files that say something of registries. */
  files: string[];
  registries: ConfiguredRegistry[];
}

/** `etc` is another folder in tests. Throws ERR_REGISTRIES_FILE. */
export async function readRegistriesConf(env: Env, etc = '/etc'): Promise<RegistriesConf> {
  const home = join(configHome(env), 'containers');
  const mains = env.CONTAINERS_REGISTRIES_CONF
    ? [env.CONTAINERS_REGISTRIES_CONF]
    : [join(home, 'registries.conf'), join(etc, 'containers/registries.conf')];
  const main = mains.find((path) => readIfThere(path) !== undefined);
  const folders = [join(etc, 'containers/registries.conf.d'), join(home, 'registries.conf.d')];
  const paths = [...(main === undefined ? [] : [main]), ...folders.flatMap(confFiles)];
  const registries = new Map<string, ConfiguredRegistry>();
  const files: string[] = [];
  for (const path of paths) {
    const rules = await readOne(path);
    if (rules.length > 0) files.push(path);
    for (const rule of rules) registries.set(rule.prefix, rule);
  }
  return { files, registries: [...registries.values()] };
}

function confFiles(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.conf'));
    return names.sort().map((name) => join(folder, name));
  } catch {
    return [];
  }
}

async function readOne(path: string): Promise<ConfiguredRegistry[]> {
  const text = readIfThere(path) ?? '';
  // Most of these files hold comments and aliases alone.
  if (!/^\s*\[\[\s*registry\s*\]\]/m.test(text)) return [];
  const [{ parse }, { fileSchema }] = await Promise.all([import('smol-toml'), import('./registries-conf-schema.ts')]);
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw brokenSettings(path, 'it is not TOML', error);
  }
  const result = fileSchema.safeParse(value);
  if (!result.success)
    throw brokenSettings(path, 'its [[registry]] tables are not of the form that containers-registries.conf(5) tells', result.error);
  return (result.data.registry ?? []).map((rule) => ruleOf(path, rule));
}

function ruleOf(path: string, rule: ConfiguredTable): ConfiguredRegistry {
  const prefix = rule.prefix || rule.location;
  if (!prefix) throw brokenSettings(path, 'a [[registry]] has neither prefix nor location', undefined);
  const byDigest = rule['mirror-by-digest-only'] === true;
  return {
    prefix: bare(prefix),
    location: bare(rule.location ?? ''),
    isInsecure: rule.insecure === true,
    isBlocked: rule.blocked === true,
    mirrors: (rule.mirror ?? []).map((mirror) => ({
      location: bare(mirror.location),
      isInsecure: mirror.insecure === true,
      when: byDigest || mirror['pull-from-mirror'] === 'digest-only' ? 'digest' : mirror['pull-from-mirror'] === 'tag-only' ? 'tag' : 'all',
    })),
  };
}

const bare = (location: string): string => location.replace(/\/+$/, '');
