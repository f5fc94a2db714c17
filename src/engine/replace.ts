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

/** How long others may take the name in between. A container that is only being made has it already, and can be removed once it stands. */
const PATIENCE_MS = 10_000;
const PAUSE_MS = 5;

/** As `createContainer`; a container that has the name, a running one too, is removed. Its volumes stay. Of two at once the later one stays. */
export async function replaceContainer(ctx: Ctx, options: CreateOptions & { name: string }): Promise<CreatedContainer> {
  checkName(options.name);
  const { name, ...unnamed } = options;
  const wish = name.replace(/^\//, '');
  const old = holderOf(ctx, wish);
  const direct = old ? undefined : await unless('ERR_NAME_TAKEN', () => createContainer(ctx, options));
  if (direct) return direct;
  const created = await createContainer(ctx, { ...unnamed, ...(old ? { inPlaceOf: old.Name } : {}) });
  try {
    await takeName(ctx, created.id, wish);
  } catch (error) {
    await removeContainer(ctx, created.id, { force: true, volumes: true });
    throw error;
  }
  return { ...created, name };
}

/** Removes whoever has the name, and another one who took it meanwhile. */
async function takeName(ctx: Ctx, id: string, name: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const old = holderOf(ctx, name);
    if (old) await unless('ERR_NO_SUCH_CONTAINER', () => removeContainer(ctx, old.Id, { force: true }));
    const rename = async (): Promise<true> => {
      await renameContainer(ctx, id, name);
      return true;
    };
    if (performance.now() > deadline ? await rename() : await unless('ERR_NAME_TAKEN', rename)) return;
    await Bun.sleep(PAUSE_MS);
  }
}

/** What `act` returns; undefined when it throws `code`. */
async function unless<T>(code: string, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof EngineError && error.code === code) return undefined;
    throw error;
  }
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
