// What `--annotation` and the attributes `annotation….KEY` of an output put into its documents: on manifests, on the index, or on the descriptors
// that name them; for all platforms or one.
import { formatPlatform, parsePlatform } from '../../../oci/platform.ts';
import type { Platform } from '../../../storage/records.ts';
import { EngineError } from '../../../sys/errors.ts';
import type { OutputSpec } from '../model.ts';
import { ANNOTATION } from '../output-spec.ts';

export type AnnotationLevel = 'manifest' | 'index' | 'manifest-descriptor' | 'index-descriptor';

export interface Annotation {
  level: AnnotationLevel;
  /** `linux/amd64`; undefined: of all. */
  platform: string | undefined;
  key: string;
  value: string;
}

const LEVELS: readonly AnnotationLevel[] = ['manifest', 'index', 'manifest-descriptor', 'index-descriptor'];

/** Reads one `--annotation`: `[LEVEL[,LEVEL][PLATFORM]:]KEY=VALUE`. Throws ERR_ANNOTATION. */
export function parseAnnotation(text: string): Annotation[] {
  const equals = text.indexOf('=');
  if (equals < 0) throw refused(`invalid annotation "${text}": expected key=value`);
  const name = text.slice(0, equals);
  const value = text.slice(equals + 1);
  const [, levels, key = ''] = /^((?:(?:manifest|index)(?:-descriptor)?(?:\[[^\]]*\])?,?)+):(.*)$/.exec(name) ?? [];
  if (levels === undefined) return [annotation('manifest', undefined, name, value)];
  return levels.split(/,(?![^[]*\])/).map((word) => {
    const [, level = '', platform] = /^([a-z-]+)(?:\[(.*)\])?$/.exec(word) ?? [];
    const found = LEVELS.find((known) => known === level);
    if (found === undefined) throw refused(`invalid annotation "${text}": unknown level "${level}"`);
    return annotation(found, platform, key, value);
  });
}

/** Those of the flags and those of the output's own attributes, which come last and so count. */
export function annotationsOf(flags: readonly string[], { attributes }: OutputSpec): Annotation[] {
  const own = Object.entries(attributes).flatMap(([name, value]) => {
    const [, level = 'manifest', platform, key = ''] = ANNOTATION.exec(name) ?? [];
    return key === '' ? [] : [annotation(level as AnnotationLevel, platform, key, value)];
  });
  return [...flags.flatMap(parseAnnotation), ...own];
}

/** What of them holds for one document; undefined: nothing. */
export function annotationsFor(
  annotations: readonly Annotation[],
  level: AnnotationLevel,
  platform?: Platform,
): Record<string, string> | undefined {
  const name = platform && formatPlatform(platform);
  const fitting = annotations.filter((one) => one.level === level && (one.platform === undefined || one.platform === name));
  return fitting.length > 0 ? Object.fromEntries(fitting.map(({ key, value }) => [key, value])) : undefined;
}

function annotation(level: AnnotationLevel, platform: string | undefined, key: string, value: string): Annotation {
  if (key === '') throw refused(`invalid annotation "${key}=${value}": its key is empty`);
  if (platform === undefined) return { level, platform, key, value };
  if (level.startsWith('index')) throw refused(`invalid annotation "${key}=${value}": an index is of no one platform`);
  return { level, platform: formatPlatform(parsePlatform(platform)), key, value };
}

const refused = (why: string): EngineError =>
  new EngineError('ERR_ANNOTATION', why.replace(/^i/, 'I'), {
    hint: 'For example: --annotation manifest:org.opencontainers.image.title=App',
  });
