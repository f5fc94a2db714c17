// Platforms as Docker writes and matches them (containerd's rules): `linux/arm64/v8` is `linux/arm64`; an arm machine runs lower
// variants, amd64 runs 386 and its own lower levels, arm64 runs 32-bit arm. Of several that fit, the nearest is taken.
import type { Descriptor, Platform } from '../storage/records.ts';
import { EngineError } from '../sys/errors.ts';

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  x64: 'amd64',
  aarch64: 'arm64',
  i386: '386',
  i686: '386',
  ia32: '386',
  armhf: 'arm',
  armel: 'arm',
};
const SYSTEMS = new Set(['linux', 'windows', 'darwin', 'freebsd', 'macos']);
const WORD = /^[A-Za-z0-9_.-]+$/;

/** `linux/arm64/v8`, `arm64`, `linux`. What is left out is this machine's. Throws ERR_BAD_PLATFORM. */
export function parsePlatform(text: string): Platform {
  const parts = text.split('/');
  const [first = '', second, third] = parts;
  if (parts.length > 3 || parts.some((part) => !WORD.test(part))) {
    throw new EngineError('ERR_BAD_PLATFORM', `"${text}" is an invalid platform: it must be OS[/ARCH[/VARIANT]]`, {
      hint: 'For example linux/amd64 or linux/arm64',
    });
  }
  if (second !== undefined) return normalisePlatform({ os: first, architecture: second, variant: third });
  if (SYSTEMS.has(first.toLowerCase())) return { ...hostPlatform(), os: first.toLowerCase() };
  return normalisePlatform({ os: 'linux', architecture: first });
}

export function hostPlatform(): Platform {
  return normalisePlatform({ os: 'linux', architecture: process.arch });
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant].filter(Boolean).join('/');
}

/** One spelling for each platform: `aarch64` and `arm64/v8` are `arm64`, `arm` is `arm/v7`. */
export function normalisePlatform(platform: Platform): Platform {
  const os = platform.os.toLowerCase();
  const given = platform.architecture.toLowerCase();
  const architecture = ARCHITECTURES[given] ?? given;
  let variant = platform.variant?.toLowerCase();
  if (given === 'armel') variant = 'v6';
  if (architecture === 'arm') variant = /^\d$/.test(variant ?? '') ? `v${variant}` : variant || 'v7';
  if (architecture === 'arm64' && (variant === 'v8' || variant === '8')) variant = undefined;
  if (architecture === 'amd64' && variant === 'v1') variant = undefined;
  const { variant: _, ...rest } = platform;
  return { ...rest, os, architecture, ...(variant ? { variant } : {}) };
}

/** The entry of an index that fits `wanted` best, or undefined. Attestations (`unknown/unknown`) never fit. */
export function choosePlatform(entries: readonly Descriptor[], wanted: Platform): Descriptor | undefined {
  const order = acceptable(normalisePlatform(wanted));
  let best: { entry: Descriptor; rank: number } | undefined;
  for (const entry of entries) {
    if (!entry.platform || isAttestation(entry)) continue;
    const rank = order.indexOf(formatPlatform(normalisePlatform(entry.platform)));
    if (rank !== -1 && (best === undefined || rank < best.rank)) best = { entry, rank };
  }
  return best?.entry;
}

/** Whether something built for `actual` fits `wanted`. */
export function fitsPlatform(actual: Platform, wanted: Platform): boolean {
  return acceptable(normalisePlatform(wanted)).includes(formatPlatform(normalisePlatform(actual)));
}

/** Platforms in an index, for a message: attestations left out, each once. */
export function listPlatforms(entries: readonly Descriptor[]): string[] {
  const shown = entries
    .filter((entry) => entry.platform && !isAttestation(entry))
    .map((entry) => formatPlatform(entry.platform as Platform));
  return [...new Set(shown)];
}

/** Provenance and SBOM entries that BuildKit puts beside the images. */
export function isAttestation(entry: Descriptor): boolean {
  return entry.annotations?.['vnd.docker.reference.type'] === 'attestation-manifest' || entry.platform?.architecture === 'unknown';
}

// Everything `wanted` can run, the nearest first.
function acceptable(wanted: Platform): string[] {
  const { os, architecture, variant } = wanted;
  const arm = (highest: number): string[] => [8, 7, 6, 5].filter((level) => level <= highest).map((level) => `${os}/arm/v${level}`);
  if (architecture === 'arm') return arm(Number(variant?.slice(1) ?? 7));
  if (architecture === 'arm64') return [...new Set([formatPlatform(wanted), `${os}/arm64`, ...arm(8)])];
  if (architecture === 'amd64') {
    const levels = [4, 3, 2].filter((level) => level <= Number(variant?.slice(1) ?? 1)).map((level) => `${os}/amd64/v${level}`);
    return [...levels, `${os}/amd64`, `${os}/386`];
  }
  return [formatPlatform(wanted)];
}
