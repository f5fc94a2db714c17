// Our own settings for registries: `$XDG_CONFIG_HOME/skiff/registries.json` (docs/registries.md tells its fields). A broken file is an error
// that names it: silently ignoring it would look like a TLS problem, or let through what is blocked.
import { dirname, join, resolve } from 'node:path';
import type { Place } from './registry-config.ts';
import { configHome, readIfThere } from './settings-file.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface RegistriesFile {
  /** Its path, if it is there. */
  files: string[];
  /** Prefixes of names. */
  insecure: string[];
  blocked: string[];
  mirrors: { prefix: string; mirrors: Place[] }[];
  /** Absolute paths. */
  certificates: { prefix: string; ca?: string | undefined; cert?: string | undefined; key?: string | undefined }[];
}

/** Throws ERR_REGISTRIES_FILE; a file that is not there sets nothing. */
export async function readRegistriesFile(env: Env): Promise<RegistriesFile> {
  const path = join(configHome(env), 'skiff/registries.json');
  const text = readIfThere(path);
  const file = text === undefined ? {} : (await import('./registries-schema.ts')).parseRegistries(path, text);
  const at = (name: string | undefined): string | undefined => name && resolve(dirname(path), name.replace(/^~(?=\/)/, env.HOME ?? '/'));
  return {
    files: text === undefined ? [] : [path],
    insecure: file.insecure ?? [],
    blocked: file.blocked ?? [],
    mirrors: Object.entries(file.mirrors ?? {}).map(([prefix, mirrors]) => ({ prefix, mirrors: mirrors.map(placeOf) })),
    certificates: Object.entries(file.certificates ?? {}).map(([prefix, { ca, cert, key }]) => ({
      prefix,
      ca: at(ca),
      cert: at(cert),
      key: at(key),
    })),
  };
}

/** `mirror.lan:5000/hub`, or Docker's way of writing it: `https://mirror.lan:5000/hub/`. */
function placeOf(text: string): Place {
  return { location: text.replace(/^https?:\/\//, '').replace(/\/+$/, ''), isInsecure: text.startsWith('http://') };
}
