// The config of a committed image (image-spec, config.md): the base image's platform and history, the configuration that the container
// was run with, one more line of history.
import type { CommitJob } from '../../runtime/messages-files.ts';
import type { ContainerRecord, ImageConfig, ImageHistory } from '../../storage/records.ts';

export interface CommittedParts {
  job: Pick<CommitJob, 'config' | 'author' | 'comment'>;
  record: Pick<ContainerRecord, 'Config'>;
  /** Of the new layer; undefined when the container changed nothing. */
  diffId: string | undefined;
  /** RFC 3339. */
  created: string;
}

export function committedConfig(base: ImageConfig, { job, record, diffId, created }: CommittedParts): ImageConfig {
  const { author, comment, config } = job;
  const entry: ImageHistory = {
    created,
    // As Docker: the command that ran, without its entry point.
    created_by: (record.Config.Cmd ?? []).join(' '),
    ...(author ? { author } : {}),
    ...(comment ? { comment } : {}),
    ...(diffId === undefined ? { empty_layer: true } : {}),
  };
  return {
    created,
    ...(author ? { author } : {}),
    architecture: base.architecture,
    os: base.os,
    ...(base.variant ? { variant: base.variant } : {}),
    config,
    rootfs: { type: 'layers', diff_ids: [...base.rootfs.diff_ids, ...(diffId === undefined ? [] : [diffId])] },
    history: [...historyOf(base), entry],
  };
}

// Readers count the layers along the history: one that says nothing of them is given a line for each.
function historyOf({ history, created, rootfs }: ImageConfig): ImageHistory[] {
  return history?.length ? history : rootfs.diff_ids.map(() => (created ? { created } : {}));
}
