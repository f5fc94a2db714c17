// `run` after `create`: start in the foreground with everything attached, or in the background.
import { SupervisorGone } from '../runtime/control-client.ts';
import { readContainer } from '../storage/container.ts';
import type { Ctx } from '../sys/context.ts';
import { type AttachHandlers, type Attachment, attachContainer } from './attach.ts';
import { removeContainer } from './remove.ts';
import { startContainer } from './start.ts';

/** Starts container `id` and returns the attachment that sees all of its output from the first byte. */
export async function startAttached(ctx: Ctx, id: string, handlers: AttachHandlers): Promise<Attachment> {
  const attached = Promise.withResolvers<Attachment>();
  const isNew = await startContainer(ctx, id, {
    onReady: async () => {
      try {
        attached.resolve(await attachContainer(ctx, id, { start: true }, handlers));
      } catch (error) {
        if (!(error instanceof SupervisorGone)) throw error;
        // It gave up while it started the container; why is the next thing that it says.
        attached.reject(error);
        attached.promise.catch(() => undefined);
      }
    },
  });
  return isNew ? attached.promise : attachContainer(ctx, id, {}, handlers);
}

/** The exit code of a container whose supervisor died without a word; what `--rm` promised is done here then. */
export async function settleLost(ctx: Ctx, id: string): Promise<number> {
  const view = readContainer(ctx, id);
  if (!view) return 137;
  if (view.record.HostConfig.AutoRemove) await removeContainer(ctx, id, { force: true, volumes: true });
  return view.state.ExitCode;
}
