// A claim says "this is being made": an OFD lock on `tmp/claims/<name>`, freed by close or by death, so a claim never outlives
// its maker. Claims lie in the data folder and not in the run folder, because two sessions of one user may have different run
// folders but share the store. Trap: the file is unlinked on release, so after locking we check that it is still the one named.
import { appendFileSync, fstatSync, readdirSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import { isLocked, type Lock, tryLock, withLock } from '../sys/lock.ts';
import { tmpDir } from './layout.ts';

export interface Claim {
  readonly name: string;
  /**
   * Names blobs and layers (`sha256:…`) that the claim's holder is about to use: a sweep leaves them alone while the claim lives.
   * Call it before looking whether they exist.
   */
  protect(digests: readonly string[]): void;
  release(): void;
}

export const claimsDir = (ctx: Pick<Ctx, 'paths'>): string => join(tmpDir(ctx), 'claims');
export const claimPath = (ctx: Pick<Ctx, 'paths'>, name: string): string => join(claimsDir(ctx), name);

/** Claims `name` (a plain file name) or returns undefined when someone else, another part of this process included, holds it. */
export function claim(ctx: Pick<Ctx, 'paths'>, name: string): Claim | undefined {
  const path = claimPath(ctx, name);
  for (;;) {
    const lock = tryLock(path);
    if (lock === undefined) return undefined;
    // Its last holder may have unlinked the file between our open and our lock: then we hold a name that is gone.
    if (isSameFile(lock.fd, path)) return heldClaim(ctx, name, lock);
    lock.release();
  }
}

/** Adds what a claim that another process of ours holds protects, as `Claim.protect`. */
export function protectUnder(ctx: Pick<Ctx, 'paths'>, name: string, digests: readonly string[]): void {
  withStoreLock(ctx, () => appendFileSync(claimPath(ctx, name), digests.map((digest) => `${digest}\n`).join('')));
}

/** What a claim protects. */
export const protectedUnder = (ctx: Pick<Ctx, 'paths'>, name: string): string[] => readLines(claimPath(ctx, name));

/** Whether a living process holds the claim. Takes nothing. */
export function isClaimed(ctx: Pick<Ctx, 'paths'>, name: string): boolean {
  return isLocked(claimPath(ctx, name));
}

/** Every digest that a living claim protects. */
export function protectedDigests(ctx: Pick<Ctx, 'paths'>): Set<string> {
  const digests = new Set<string>();
  for (const name of claimNames(ctx)) {
    if (!isClaimed(ctx, name)) continue;
    for (const line of readLines(claimPath(ctx, name))) digests.add(line);
  }
  return digests;
}

/** The names of all claim files, held or not. */
export function claimNames(ctx: Pick<Ctx, 'paths'>): string[] {
  try {
    return readdirSync(claimsDir(ctx));
  } catch {
    return [];
  }
}

/** Removes claim files whose holder died; returns their names. */
export function removeDeadClaims(ctx: Ctx): string[] {
  return claimNames(ctx).filter((name) => {
    const taken = claim(ctx, name);
    taken?.release();
    return taken !== undefined;
  });
}

/**
 * Runs `fn` alone in the store. Held only for moments: while a sweep decides what is garbage, while a record that makes
 * something reachable is written, while a claim names what it is about to use.
 */
export function withStoreLock<T>(ctx: Pick<Ctx, 'paths'>, fn: () => T): T {
  return withLock(join(ctx.paths.data, 'store.lock'), fn);
}

function heldClaim(ctx: Pick<Ctx, 'paths'>, name: string, lock: Lock): Claim {
  return {
    name,
    protect: (digests) => withStoreLock(ctx, () => void writeSync(lock.fd, digests.map((digest) => `${digest}\n`).join(''))),
    release() {
      rmSync(claimPath(ctx, name), { force: true });
      lock.release();
    },
  };
}

function isSameFile(fd: number, path: string): boolean {
  try {
    return fstatSync(fd).ino === statSync(path).ino;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}
