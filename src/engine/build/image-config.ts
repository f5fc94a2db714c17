// The config of the image that a stage became (image-spec, config.md). Its time is that of its last layer, so that a build from the cache, and one
// of labels alone, give the very same image each time.
import type { ImageConfig, ImageRunConfig } from '../../storage/records.ts';
import { datedHistory } from './history.ts';
import type { BuiltImage } from './model.ts';
import { diffIdsOf, type StageState } from './stage-state.ts';

/** `epoch`: RFC 3339 of SOURCE_DATE_EPOCH, then the time of the image. */
export function builtImage(
  state: StageState,
  { labels, epoch }: { labels: Readonly<Record<string, string>>; epoch: string | undefined },
): BuiltImage {
  const history = datedHistory(state.history);
  const created = epoch ?? history.findLast((entry) => entry.created !== undefined)?.created ?? state.baseCreated;
  const { os, architecture, variant } = state.platform;
  const config: ImageConfig = {
    architecture,
    os,
    ...(variant ? { variant } : {}),
    ...(created === undefined ? {} : { created }),
    ...(state.author === undefined ? {} : { author: state.author }),
    config: runConfig(state.config, labels),
    rootfs: { type: 'layers', diff_ids: diffIdsOf(state) },
    history,
  };
  return { platform: state.platform, config, layers: state.layers, keys: state.keys };
}

function runConfig(config: ImageRunConfig, labels: Readonly<Record<string, string>>): ImageRunConfig {
  const { Labels, OnBuild, ...rest } = config;
  const all = { ...Labels, ...labels };
  return {
    ...rest,
    ...(Object.keys(all).length > 0 ? { Labels: all } : {}),
    ...(OnBuild?.length ? { OnBuild } : {}),
  };
}
