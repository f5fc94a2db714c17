// Our own settings for registries: `$XDG_CONFIG_HOME/skiff/registries.json` (docs/registries.md tells its fields). A broken file is an error
// that names it: silently ignoring it would look like a TLS problem, or let through what is blocked.
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import * as z from 'zod/mini';
import { EngineError, errnoOf } from '../sys/errors.ts';
import type { Place } from './registry-config.ts';

type Env = Readonly<Record<string, string | undefined>>;

const certificates = z.strictObject({ ca: z.optional(z.string()), cert: z.optional(z.string()), key: z.optional(z.string()) });
const fileSchema = z.strictObject({
  insecure: z.optional(z.array(z.string())),
  blocked: z.optional(z.array(z.string())),
  mirrors: z.optional(z.record(z.string(), z.array(z.string()))),
  certificates: z.optional(z.record(z.string(), certificates)),
});

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
export function readRegistriesFile(env: Env): RegistriesFile {
  const path = join(configHome(env), 'skiff/registries.json');
  const text = readIfThere(path);
  const file = text === undefined ? {} : parse(path, text);
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

/** `$XDG_CONFIG_HOME`, by the XDG base directory specification. */
export function configHome(env: Env): string {
  return env.XDG_CONFIG_HOME?.startsWith('/') ? env.XDG_CONFIG_HOME : join(env.HOME ?? '/', '.config');
}

/** The text of a file, undefined when it is not there. Throws ERR_REGISTRIES_FILE when it cannot be read. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw brokenSettings(path, errnoOf(error) ?? 'it cannot be read', error);
  }
}

export function brokenSettings(path: string, why: string, cause: unknown): EngineError {
  return new EngineError('ERR_REGISTRIES_FILE', `Cannot use "${path}": ${why}`, { hint: 'Correct it or remove it', cause });
}

/** `mirror.lan:5000/hub`, or Docker's way of writing it: `https://mirror.lan:5000/hub/`. */
function placeOf(text: string): Place {
  return { location: text.replace(/^https?:\/\//, '').replace(/\/+$/, ''), isInsecure: text.startsWith('http://') };
}

function parse(path: string, text: string): z.infer<typeof fileSchema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw brokenSettings(path, 'it is not JSON', error);
  }
  const result = z.safeParse(fileSchema, value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue && issue.path.length > 0 ? ` at "${issue.path.map(String).join('.')}"` : '';
  throw brokenSettings(
    path,
    `it is not of the form {"insecure": […], "blocked": […], "mirrors": {…}, "certificates": {…}}${where}`,
    result.error,
  );
}
