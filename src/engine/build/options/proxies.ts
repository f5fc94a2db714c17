// The proxies of Docker's config.json, which become predefined build arguments: seen by RUN, in no layer, history or cache key.
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Ctx } from '../../../sys/context.ts';

const NAMES = {
  httpProxy: 'HTTP_PROXY',
  httpsProxy: 'HTTPS_PROXY',
  ftpProxy: 'FTP_PROXY',
  noProxy: 'NO_PROXY',
  allProxy: 'ALL_PROXY',
} as const;

/** Both spellings of each, as Docker's client passes them on. A file that cannot be read sets none: who logs in is told of it. */
export async function proxyArguments({ env }: Pick<Ctx, 'env'>): Promise<Record<string, string>> {
  const path = join(env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker'), 'config.json');
  let proxies: unknown;
  try {
    proxies = fieldOf(fieldOf(JSON.parse(await readFile(path, 'utf8')), 'proxies'), 'default');
  } catch {
    return {};
  }
  const args: Record<string, string> = {};
  for (const [field, name] of Object.entries(NAMES)) {
    const value = fieldOf(proxies, field);
    if (typeof value === 'string' && value !== '') Object.assign(args, { [name]: value, [name.toLowerCase()]: value });
  }
  return args;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
