// Build arguments that are no variables but speak to the builder: BuildKit's own, as people have them in their scripts. Others of its names are
// arguments like any.
import type { BuildOptions } from './model.ts';

/** The options with what BUILDKIT_INLINE_CACHE asks for. */
export function withBuildkitArgs(options: BuildOptions): BuildOptions {
  const isInline = isOn(options.buildArgs.BUILDKIT_INLINE_CACHE) && !options.cacheTo.some(({ type }) => type === 'inline');
  return isInline ? { ...options, cacheTo: [...options.cacheTo, { type: 'inline', attributes: {} }] } : options;
}

/** Of RUN steps; undefined: BuildKit's fixed one. */
export const sandboxHostname = ({ buildArgs }: Pick<BuildOptions, 'buildArgs'>): string | undefined =>
  buildArgs.BUILDKIT_SANDBOX_HOSTNAME || undefined;

const isOn = (value: string | undefined): boolean => /^(?:1|t|true)$/i.test(value ?? '');
