// What answers of a registry hold beside their bodies, read with the distrust that is due to what comes from outside.
import { EngineError } from '../sys/errors.ts';
import type { Answer } from './http/answer.ts';
import { webPage } from './registry-error.ts';

/** Larger ones are refused. */
export const LARGEST_MANIFEST = 4 << 20;

/** Where a 206 begins. */
export function rangeStart(answer: Answer): number | undefined {
  const start = /^bytes (\d+)-/.exec(answer.headers.get('content-range') ?? '')?.[1];
  return start === undefined ? undefined : Number(start);
}

/** Throws ERR_NO_REGISTRY. */
export function tagsIn(bytes: Uint8Array, host: string): string[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString());
    const tags = typeof value === 'object' && value !== null && 'tags' in value ? value.tags : undefined;
    if (tags === null) return [];
    if (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string')) return tags;
  } catch {
    // Said below.
  }
  throw webPage(host);
}

/** The path of a list's next page: `Link: </v2/x/tags/list?last=b&n=100>; rel="next"`. */
export function nextPage(answer: Answer): string | undefined {
  const target = /<([^>]+)>\s*;\s*rel="?next"?/.exec(answer.headers.get('link') ?? '')?.[1];
  if (target === undefined) return undefined;
  const next = new URL(target, answer.url);
  return `${next.pathname}${next.search}`;
}

export function manifestTooLarge(name: string): EngineError {
  return new EngineError('ERR_MANIFEST_TOO_LARGE', `Refused the manifest of "${name}": it is larger than ${LARGEST_MANIFEST >> 20} MiB`);
}

export function wrongManifest(wanted: string, actual: string, host: string): EngineError {
  return new EngineError('ERR_DIGEST_MISMATCH', `Refused the manifest "${wanted}": ${host} sent one with the digest "${actual}"`, {
    hint: 'Try again; if it stays, the registry or a proxy before it serves damaged data',
  });
}
