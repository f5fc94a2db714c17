// The files in which logins are kept: Docker's config.json, or another of the same form that REGISTRY_AUTH_FILE names, or podman's
// auth.json. They belong to other programs too: what we do not know in them stays as it is, a symlink is followed to the file that it
// names (dotfiles), and a file that is not JSON is left alone with an error that names it.
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { writeFileAtomic } from '../sys/atomic.ts';
import { EngineError, errnoOf, isDiskFull } from '../sys/errors.ts';

type Env = Readonly<Record<string, string | undefined>>;

const entrySchema = z.looseObject({
  auth: z.optional(z.string()),
  username: z.optional(z.string()),
  password: z.optional(z.string()),
  identitytoken: z.optional(z.string()),
});
const fileSchema = z.looseObject({
  auths: z.optional(z.nullable(z.record(z.string(), entrySchema))),
  credsStore: z.optional(z.string()),
  credHelpers: z.optional(z.nullable(z.record(z.string(), z.string()))),
});

export type AuthEntry = z.infer<typeof entrySchema>;
export type AuthFile = z.infer<typeof fileSchema>;

/** Files that logins are read from, in order. */
export function authFiles(env: Env): string[] {
  const files = [loginFile(env)];
  if (!env.REGISTRY_AUTH_FILE && env.XDG_RUNTIME_DIR) files.push(join(env.XDG_RUNTIME_DIR, 'containers/auth.json'));
  return files;
}

/** The file that a login is written to. */
export function loginFile(env: Env): string {
  return env.REGISTRY_AUTH_FILE || join(env.DOCKER_CONFIG || join(env.HOME ?? '/', '.docker'), 'config.json');
}

/** An empty one where there is no file. Throws ERR_AUTH_FILE. */
export function readAuthFile(path: string): AuthFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return {};
    throw unusable(path, errnoOf(error) ?? 'it cannot be read', error);
  }
  if (text.trim() === '') return {};
  // The parser's own complaint would quote what stands there.
  const value = parseJson(text);
  if (value === undefined) throw unusable(path, 'it is not JSON');
  const result = z.safeParse(fileSchema, value);
  if (!result.success) {
    const field = result.error.issues[0]?.path.map(String).join('.');
    throw unusable(path, field ? `"${field}" in it is not what it should be` : 'it is not a JSON object');
  }
  return result.data;
}

/** Changes the file whole. If we die here the old one stands. Throws ERR_AUTH_FILE. */
export function changeAuthFile(path: string, change: (file: AuthFile) => AuthFile): void {
  const target = followed(path);
  const changed = change(readAuthFile(target));
  try {
    writeFileAtomic(target, `${JSON.stringify(changed, undefined, '\t')}\n`, { mode: 0o600 });
  } catch (error) {
    if (isDiskFull(error)) throw error;
    throw new EngineError('ERR_AUTH_FILE', `Cannot write "${path}": ${errnoOf(error) ?? 'it cannot be written'}`, {
      hint: 'Check the permissions of its folder, or choose another with --config',
      cause: error,
    });
  }
}

function followed(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}

function unusable(path: string, why: string, cause?: unknown): EngineError {
  return new EngineError('ERR_AUTH_FILE', `Cannot use "${path}": ${why}`, {
    hint: 'Correct it, or move it away: nothing was changed in it',
    ...(cause === undefined ? {} : { cause }),
  });
}
