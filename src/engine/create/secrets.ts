// The secrets of a container that is being made: looked up by name, and their bytes linked into its folder, so that it keeps them when
// they are removed or replaced.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SecretUse } from '../../storage/records.ts';
import { findSecret, linkSecretData, readSecretData } from '../../storage/secret.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';

/** With their ids. Throws ERR_NO_SUCH_SECRET, ERR_AMBIGUOUS_ID or ERR_SECRET (exit code 125). */
export function resolveSecrets(ctx: Ctx, uses: readonly SecretUse[]): SecretUse[] {
  const seen = new Set<string>();
  return uses.map((use) => {
    const place = use.Type === 'env' ? use.Target : `/${use.Target.split('/').filter(Boolean).join('/')}`;
    if (seen.has(place)) throw refuse(`Two secrets have the target "${use.Target}"`, 'Give one of them another target=');
    seen.add(place);
    const { ID, Name } = named(ctx, use.Name);
    if (use.Type === 'env' && !isText(readSecretData(ctx, ID))) {
      throw refuse(`Secret "${Name}" cannot be an environment variable: it is no UTF-8 text, or has a NUL in it`, 'Use type=mount');
    }
    return { ...use, ID, Name };
  });
}

/** Links the bytes into `folder`, a container's that is being made. Throws ERR_NO_SUCH_SECRET when one has gone meanwhile. */
export function keepSecrets(ctx: Ctx, uses: readonly SecretUse[], folder: string): void {
  if (uses.length === 0) return;
  mkdirSync(join(folder, 'secrets'), { mode: 0o700 });
  for (const { ID, Name } of new Map(uses.map((use) => [use.ID, use])).values()) {
    try {
      linkSecretData(ctx, ID, join(folder, 'secrets', ID));
    } catch (cause) {
      throw new EngineError('ERR_NO_SUCH_SECRET', `No such secret: ${Name}`, { cause, hint: 'It was removed just now', exitCode: 125 });
    }
  }
}

function named(ctx: Ctx, name: string) {
  try {
    return findSecret(ctx, name);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError(error.code, error.message, { hint: error.hint ?? '', exitCode: 125 });
  }
}

function isText(bytes: Uint8Array): boolean {
  if (bytes.includes(0)) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

const refuse = (message: string, hint: string): EngineError => new EngineError('ERR_SECRET', message, { hint, exitCode: 125 });
