// An image as Docker 28's `inspect` shows it. Its `Config` has its keys in alphabetical order, and eight of them always, as Docker's
// answer at this API version does.
import type { ImageConfig, ImageRecord, ImageRunConfig } from '../storage/records.ts';
import { renderHealthcheck } from './container-inspect.ts';
import { goMap, listOrNil, NIL_LIST, nilMap, struct } from './go-values.ts';
import { setOrNil } from './host-config.ts';

export interface ImageFacts {
  /** Familiar `name:tag`s and `name@digest`s. */
  tags: readonly string[];
  digests: readonly string[];
  /** Folders of the unpacked layers, base first. */
  layerFolders: readonly string[];
  /** When a name was last given to it, RFC 3339; '' when it has none. */
  lastTagged: string;
}

export function renderImage(record: ImageRecord, config: ImageConfig, facts: ImageFacts): object {
  return struct(
    'image.InspectResponse',
    {
      Id: record.id,
      RepoTags: facts.tags,
      RepoDigests: facts.digests,
      Parent: '',
      Comment: config.history?.at(-1)?.comment ?? '',
      Created: config.created || undefined,
      DockerVersion: '',
      Author: config.author ?? '',
      Config: renderRunConfig(config.config ?? {}),
      Architecture: config.architecture,
      Variant: config.variant || undefined,
      Os: config.os,
      Size: record.sizeBytes,
      GraphDriver: struct('storage.DriverData', { Data: graphData(facts.layerFolders), Name: 'overlay' }),
      RootFS: struct('image.RootFS', { Type: 'layers', Layers: config.rootfs.diff_ids.length > 0 ? config.rootfs.diff_ids : undefined }),
      Metadata: struct('image.Metadata', { LastTagTime: facts.lastTagged || '0001-01-01T00:00:00Z' }),
    },
    { Created: '', Variant: '', OsVersion: '' },
  );
}

function graphData(layerFolders: readonly string[]): object {
  const top = layerFolders.at(-1);
  const below = layerFolders.slice(0, -1).toReversed();
  return goMap({ ...(below.length > 0 ? { LowerDir: below.join(':') } : {}), ...(top === undefined ? {} : { UpperDir: top }) }, '');
}

function renderRunConfig(config: ImageRunConfig): object {
  return struct(
    '*v1.DockerOCIImageConfig',
    {
      ArgsEscaped: config.ArgsEscaped || undefined,
      Cmd: listOrNil(config.Cmd),
      Entrypoint: listOrNil(config.Entrypoint),
      Env: listOrNil(config.Env),
      ExposedPorts: config.ExposedPorts && setOrNil(config.ExposedPorts),
      Healthcheck: config.Healthcheck && renderHealthcheck(config.Healthcheck),
      Labels: config.Labels ? goMap(config.Labels, '') : nilMap(''),
      OnBuild: listOrNil(config.OnBuild),
      Shell: config.Shell,
      StopSignal: config.StopSignal || undefined,
      User: config.User ?? '',
      Volumes: setOrNil(config.Volumes),
      WorkingDir: config.WorkingDir ?? '',
    },
    { ExposedPorts: {}, StopSignal: '', Shell: NIL_LIST, ArgsEscaped: false },
  );
}
