// The config blob of an image, checked once when it is pulled (image-spec, config.md; Docker's extensions kept). What a pull stored is
// trusted afterwards: it is read back by digest.
import * as z from 'zod/mini';
import type { ImageConfig } from '../storage/records.ts';
import { EngineError } from '../sys/errors.ts';

const diffId = z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/, 'is no sha256 digest'));
const words = z.nullish(z.array(z.string()));
const nameSet = z.nullish(z.record(z.string(), z.looseObject({})));
const healthcheck = z.looseObject({
  Test: words,
  Interval: z.optional(z.number()),
  Timeout: z.optional(z.number()),
  StartPeriod: z.optional(z.number()),
  StartInterval: z.optional(z.number()),
  Retries: z.optional(z.number()),
});
const runConfig = z.looseObject({
  User: z.optional(z.string()),
  ExposedPorts: nameSet,
  Env: words,
  Entrypoint: words,
  Cmd: words,
  Volumes: nameSet,
  WorkingDir: z.optional(z.string()),
  Labels: z.nullish(z.record(z.string(), z.string())),
  StopSignal: z.optional(z.string()),
  Healthcheck: z.nullish(healthcheck),
  Shell: words,
  OnBuild: words,
});
const imageConfig = z.looseObject({
  architecture: z.string(),
  os: z.string(),
  variant: z.optional(z.string()),
  created: z.nullish(z.string()),
  config: z.nullish(runConfig),
  rootfs: z.looseObject({ type: z.literal('layers'), diff_ids: z.array(diffId) }),
});

/** What a pull needs of the config. */
export interface ImageConfigSummary extends Pick<ImageConfig, 'architecture' | 'os' | 'variant' | 'rootfs'> {
  /** RFC 3339; '' when the image has none. */
  created: string;
}

/** Throws ERR_IMAGE_CONFIG with the field that is wrong. */
export function parseImageConfig(bytes: Uint8Array, name: string): ImageConfigSummary {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw invalid(name, 'it is no JSON');
  }
  const result = z.safeParse(imageConfig, value);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw invalid(name, `its "${issue?.path.join('.') ?? ''}" is not right: ${issue?.message ?? 'unknown'}`);
  }
  const { architecture, os, variant, created, rootfs } = result.data;
  return { architecture, os, ...(variant ? { variant } : {}), rootfs, created: created ?? '' };
}

function invalid(name: string, what: string): EngineError {
  return new EngineError('ERR_IMAGE_CONFIG', `Refused the config of "${name}": ${what}`, {
    hint: 'Check that the reference names a container image; if it does, it was pushed damaged',
  });
}
