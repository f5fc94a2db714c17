// The rootfs at one point of a build, kept for a shell: an image without a name, and how the step there would run. `--shell-at` names the point
// before it is reached; `--on-error shell` is for the step that failed, with what it had written.
import { imageDocuments } from './export/documents.ts';
import { finishImage } from './export/finish.ts';
import { putDocuments, storeSet } from './export/store.ts';
import { builtImage } from './image-config.ts';
import type { BuiltLayer, KeptShell, RunMount } from './model.ts';
import type { BuildSpot } from './spot.ts';
import { type StageState, workdirOf } from './stage-state.ts';

export interface ShellPoint {
  /** As progress names the step. */
  name: string;
  mounts?: RunMount[];
}

/** Stores the rootfs, `layer` on top of it, and tells where it is. */
export function keepShell(
  spot: BuildSpot,
  state: StageState,
  { name, mounts = [], layer }: ShellPoint & { layer?: BuiltLayer | undefined },
): KeptShell {
  const { site } = spot.solving;
  const shown: StageState = layer ? { ...state, layers: [...state.layers, layer], keys: [...state.keys, ''] } : state;
  const { id, ...parts } = imageDocuments(finishImage(builtImage(shown, { labels: {}, epoch: undefined }), undefined), {
    isDocker: false,
    annotations: [],
  });
  const set = { images: [{ id, ...parts }], statements: [], target: parts.manifest };
  putDocuments(site, set);
  storeSet(site, set);
  const env = [...state.env].map(([key, value]) => `${key}=${value}`);
  const shell: KeptShell = { image: id, env, user: state.config.User ?? '', workdir: workdirOf(state), mounts, step: name };
  site.tell({ type: 'kept', shell });
  return shell;
}
