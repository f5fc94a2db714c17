// `commit`: a new image of a container's image and what the container changed. The container rests while its files are read, for as long as
// this process lives and no longer.
import { parseReference } from '../oci/reference.ts';
import { SupervisorGone } from '../runtime/control-client.ts';
import { type HeldContainer, holdContainer } from '../runtime/hold-client.ts';
import { type ContainerView, findContainer, isRunning } from '../storage/container.ts';
import { recordContainerEvent } from '../storage/events.ts';
import type { ContainerConfig, ImageRunConfig } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { applyChanges } from './dockerfile/changes.ts';
import { runJob } from './worker-client.ts';

export interface CommitOptions {
  /** As the user gave it; left out, the image has no name. */
  reference?: string | undefined;
  author?: string;
  comment?: string;
  /** Dockerfile instructions. */
  changes?: readonly string[];
  /** `required`: a container that cannot be paused is not committed; `wanted`: it is, and a warning says so. */
  pause: 'required' | 'wanted' | 'no';
  signal?: AbortSignal | undefined;
}

/** Pausing is not needed, or not possible, for one that ended, rests already, or waits for its restart. */
const AT_REST = new Set(['ERR_PAUSED', 'ERR_NOT_RUNNING', 'ERR_RESTARTING']);

/** Returns the new image's id. Throws ERR_NO_SUCH_CONTAINER, ERR_BAD_REFERENCE, ERR_CHANGE, ERR_NO_SUCH_IMAGE, ERR_NO_SPACE. */
export async function commitContainer(ctx: Ctx, wanted: string, options: CommitOptions): Promise<string> {
  const { author = '', comment = '', changes = [], signal } = options;
  const reference = options.reference ? targetOf(options.reference) : undefined;
  const view = findContainer(ctx, wanted);
  const { record } = view;
  const config = applyChanges(runConfigOf(record.Config), changes);
  const held = await rest(ctx, view, options.pause);
  try {
    const onRead = (): void => void held?.release();
    const { id } = await runJob(ctx, { kind: 'commit', container: record.Id, config, author, comment, reference }, { signal, onRead });
    recordContainerEvent(ctx, record, 'commit', { comment, imageID: id, imageRef: reference ?? '' });
    return id;
  } finally {
    await held?.release();
  }
}

function targetOf(text: string): string {
  const { digest, registry, repository, tag } = parseReference(text);
  if (!digest) return `${registry}/${repository}:${tag}`;
  throw new EngineError('ERR_BAD_REFERENCE', 'refusing to create a tag with a digest reference', {
    hint: 'Leave out what follows the "@"',
  });
}

/** What of a container's configuration an image has. */
function runConfigOf(config: ContainerConfig): ImageRunConfig {
  const { User, ExposedPorts, Env, Cmd, Healthcheck, Volumes, WorkingDir, Entrypoint, OnBuild, Labels, StopSignal, Shell } = config;
  return {
    ...(User ? { User } : {}),
    ...(ExposedPorts ? { ExposedPorts } : {}),
    Env,
    ...(Entrypoint ? { Entrypoint } : {}),
    Cmd,
    ...(Healthcheck ? { Healthcheck } : {}),
    ...(Volumes ? { Volumes } : {}),
    ...(WorkingDir ? { WorkingDir } : {}),
    ...(OnBuild ? { OnBuild } : {}),
    Labels,
    ...(StopSignal ? { StopSignal } : {}),
    ...(Shell ? { Shell } : {}),
  };
}

async function rest(ctx: Ctx, { record, state }: ContainerView, pause: CommitOptions['pause']): Promise<HeldContainer | undefined> {
  if (pause === 'no' || state.Status !== 'running') return undefined;
  try {
    return await holdContainer(ctx, record.Id);
  } catch (error) {
    if (error instanceof EngineError && AT_REST.has(error.code)) return undefined;
    if (error instanceof SupervisorGone) {
      if (pause === 'wanted' || !isRunning(ctx, record.Id)) return undefined;
      throw new EngineError('ERR_NO_ANSWER', `Cannot pause container "${record.Name}": its supervisor does not answer`, {
        hint: 'Commit it as it runs, with --pause=false',
      });
    }
    if (pause === 'required' || !(error instanceof EngineError) || error.code !== 'ERR_NO_CGROUP') throw error;
    ctx.warn(`The container runs on while it is committed: ${error.message.replace(/^C/, 'c')}`);
    return undefined;
  }
}
