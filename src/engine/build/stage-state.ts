// What a stage is at one point of its file: the layers so far, the image's configuration, the variables that the next instruction sees. A stage
// that begins with another one goes on with a copy of its state, ARGs and all.
import { formatPlatform, normalisePlatform } from '../../oci/platform.ts';
import type { ImageHistory, ImageRunConfig, Platform } from '../../storage/records.ts';
import type { BuiltLayer } from './model.ts';

export interface StageState {
  platform: Platform;
  layers: BuiltLayer[];
  /** Of the step that made each layer; undefined: it came with the base. */
  keys: (string | undefined)[];
  config: ImageRunConfig;
  author?: string | undefined;
  /** Without `created` where an entry has no time of its own: `datedHistory` gives it one. */
  history: ImageHistory[];
  /** ENV and ARG, the last one that was set counts; what RUN sees. */
  env: Map<string, string>;
  /** ARGs declared so far, for the history of RUN. */
  buildArgs: { name: string; value?: string | undefined }[];
  /** This file set CMD: an ENTRYPOINT after it leaves it alone. */
  hasCmd: boolean;
  /** What the base image says of its own creation, for an image without any other time. */
  baseCreated?: string | undefined;
}

export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** `FROM scratch`. */
export function emptyState(platform: Platform): StageState {
  return {
    platform: normalisePlatform(platform),
    layers: [],
    keys: [],
    config: { Env: [`PATH=${DEFAULT_PATH}`], WorkingDir: '/' },
    history: [],
    env: new Map(),
    buildArgs: [],
    hasCmd: false,
  };
}

/** The state that a stage begins with which is built on `base`. Triggers of ONBUILD are not part of it. */
export function inheritState(base: StageState): StageState {
  const { OnBuild: _, ...config } = structuredClone(base.config);
  return {
    ...base,
    layers: [...base.layers],
    keys: [...base.keys],
    config,
    history: [...base.history],
    env: new Map(base.env),
    buildArgs: [...base.buildArgs],
    hasCmd: false,
  };
}

/** Makes the variables of the image's configuration visible to instructions, PATH among them always. */
export function openEnvironment(state: StageState): void {
  const env = [...(state.config.Env ?? [])];
  state.config.Env = env;
  if (!env.some((entry) => entry.startsWith('PATH='))) env.push(`PATH=${DEFAULT_PATH}`);
  for (const entry of env) {
    const [name, value] = splitVariable(entry);
    setVariable(state.env, name, value);
  }
}

/** The last one that was set comes last. */
export function setVariable(env: Map<string, string>, name: string, value: string): void {
  env.delete(name);
  env.set(name, value);
}

export function splitVariable(entry: string): [name: string, value: string] {
  const equals = entry.indexOf('=');
  return equals < 0 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)];
}

export const workdirOf = ({ config }: StageState): string => config.WorkingDir || '/';

/** `linux/amd64`, as progress and keys name it. */
export const platformOf = ({ platform }: StageState): string => formatPlatform(platform);

export const diffIdsOf = ({ layers }: StageState): string[] => layers.map(({ diffId }) => diffId);
