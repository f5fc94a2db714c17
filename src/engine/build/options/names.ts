// Small values: tags, platforms, networks, entitlements. Errors are plain: the caller adds which flag it was.
import { formatPlatform, hostPlatform, parsePlatform } from '../../../oci/platform.ts';
import { canonicalReference, parseReference } from '../../../oci/reference.ts';
import type { Platform } from '../../../storage/records.ts';
import type { RunNetwork } from '../model.ts';
import { listed } from './fields.ts';

/** The canonical reference. Throws an Error in Docker's words. */
export function tagName(text: string): string {
  const reference = parseReference(text);
  if (reference.digest !== undefined) throw new Error('refusing to create a tag with a digest reference');
  return canonicalReference(reference);
}

/** `linux/amd64,linux/arm64`, `local`; each once. Throws an Error. */
export function parsePlatforms(texts: readonly string[]): Platform[] {
  const found = new Map<string, Platform>();
  for (const word of texts.flatMap((text) => text.split(','))) {
    const platform = word.trim() === 'local' ? hostPlatform() : parsePlatform(word.trim());
    found.set(formatPlatform(platform), platform);
  }
  return [...found.values()];
}

const NETWORKS: readonly RunNetwork[] = ['default', 'none', 'host'];

/** Throws an Error. */
export function runNetwork(text: string): RunNetwork {
  if (text === '') return 'default';
  const known = NETWORKS.find((name) => name === text);
  if (known) return known;
  throw new Error(`network mode "${text}" is not supported for RUN: use ${listed(NETWORKS)}`);
}

const ENTITLEMENTS = ['network.host', 'security.insecure', 'device'];

/** Throws an Error. */
export function entitlement(text: string): string {
  if (ENTITLEMENTS.includes(text) || text.startsWith('device=')) return text;
  throw new Error(`unknown entitlement "${text}": use network.host, security.insecure or device`);
}
