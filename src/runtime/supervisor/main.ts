// The supervisor's entry: `skiff __supervise ID attach|detached`, started by the front through nsenter and unshare, its container's
// lock inherited as descriptor 3. One of these stays for each running container, so nothing heavy may be imported here.

import { readContainer } from '../../storage/container.ts';
import { EngineError } from '../../sys/errors.ts';
import { closeOnExec } from '../../sys/fd.ts';
import { SHARED_NETNS_FD } from '../network/shared-netns.ts';
import { supervisorContext, tellFront } from './context.ts';
import { failure } from './control.ts';
import { supervise } from './life.ts';

const LOCK_FD = 3;

/** Runs until the container is down for good. Returns the process's exit code; failures were told to the front. */
export async function main(args: string[]): Promise<number> {
  const [id = '', mode = 'detached'] = args;
  try {
    closeOnExec(LOCK_FD);
    closeOnExec(SHARED_NETNS_FD);
    // The user's own is for files that the user makes; the runtime makes mount points in the container, for the container's users.
    process.umask(0o022);
    const ctx = supervisorContext(process.env);
    const view = readContainer(ctx, id);
    if (!view) throw new EngineError('ERR_NO_SUCH_CONTAINER', `No such container: ${id}`);
    await supervise(ctx, view, { waitForAttach: mode === 'attach' });
    return 0;
  } catch (error) {
    tellFront(failure(error));
    return 1;
  }
}
