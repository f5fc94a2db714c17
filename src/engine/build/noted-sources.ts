// What of outside went into a build, as `--provenance` tells it. Noted where it is found, and known for as long as the build lives.
import { fitsPlatform, formatPlatform } from '../../oci/platform.ts';
import type { Platform } from '../../storage/records.ts';
import type { BuildSite, BuildSource } from './model.ts';

const noted = new WeakMap<Pick<BuildSite, 'tell'>, Map<string, BuildSource>>();

export function noteSource(site: Pick<BuildSite, 'tell'>, source: BuildSource): void {
  const sources = noted.get(site) ?? new Map<string, BuildSource>();
  noted.set(site, sources);
  sources.set(`${source.kind} ${source.name} ${source.digest} ${source.platform ? formatPlatform(source.platform) : ''}`, source);
}

/** Sorted by name, so that the order in which stages were built says nothing. Images of other targets than `platform` are left out. */
export function notedSources(site: Pick<BuildSite, 'tell'>, { platform, build }: { platform: Platform; build: Platform }): BuildSource[] {
  const fits = (source: BuildSource): boolean =>
    source.platform === undefined || fitsPlatform(source.platform, platform) || fitsPlatform(source.platform, build);
  return [...(noted.get(site)?.values() ?? [])].filter(fits).sort((one, other) => (one.name < other.name ? -1 : 1));
}
