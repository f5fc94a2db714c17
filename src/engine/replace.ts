// `--replace`: a container in the place of another of its name. The new one is made whole under a name of its own first, so whatever is
// wrong with it leaves the old one alone. If we die in between, both are there, or the new one under the other name.
import { findContainer } from '../storage/container.ts';
import type { ContainerRecord } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { checkName } from './create/checks.ts';
import type { CreatedContainer, CreateOptions } from './create/options.ts';
import { createContainer } from './create.ts';
import { removeContainer } from './remove.ts';
import { renameContainer } from './rename.ts';

/** As `createContainer`; a container that has the name, a running one too, is removed. Its volumes stay. */
export async function replaceContainer(ctx: Ctx, options: CreateOptions & { name: string }): Promise<CreatedContainer> {
  checkName(options.name);
  const old = holderOf(ctx, options.name.replace(/^\//, ''));
  if (!old) return createContainer(ctx, options);
  const { name, ...unnamed } = options;
  const created = await createContainer(ctx, { ...unnamed, inPlaceOf: old.Name });
  try {
    await removeContainer(ctx, old.Id, { force: true });
    renameContainer(ctx, created.id, name);
  } catch (error) {
    await removeContainer(ctx, created.id, { force: true, volumes: true });
    throw error;
  }
  return { ...created, name };
}

/** Whose name it is: an id that begins alike is nobody's name. */
function holderOf(ctx: Ctx, name: string): ContainerRecord | undefined {
  try {
    const { record } = findContainer(ctx, name);
    return record.Name === name ? record : undefined;
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}
