// Unpacks what comes out of a container to a place on this machine. Its first entry tells what it is, file or folder, and with that where it
// goes; nothing is made before.
import type { Granted } from '../../storage/layer-owner.ts';
import type { TarHeader } from '../../storage/tar-header.ts';
import { createTreeSink, type TreeSink } from '../../storage/tree-sink.ts';
import type { Ctx } from '../../sys/context.ts';
import { writeFailure } from './failures.ts';
import { type HostTarget, openHostTarget } from './host-target.ts';

/** A sink for the archive; its functions throw sentences. With `archive`, owners are kept where the user may give files away. */
export function unpackHere(ctx: Ctx, target: HostTarget, { archive }: { archive: boolean }): TreeSink {
  const ownerOf = archive ? theirs : ours;
  let sink: TreeSink | undefined;

  return {
    entry: (header) => guarded(() => opened(header).entry(header)),
    content: (data, from, to) => guarded(() => sink?.content(data, from, to)),
    entryEnd: () => guarded(() => sink?.entryEnd()),
    finish: () => guarded(() => sink?.finish()),
    close: () => sink?.close(),
  };

  function opened(first: TarHeader): TreeSink {
    if (sink) return sink;
    const [base = '.'] = first.name.split('/');
    const place = openHostTarget(target, { base, isFolder: first.type === '5' });
    sink = createTreeSink({ ...place, ownerOf, isOwnerOptional: true, onNotice: ctx.warn });
    return sink;
  }

  function guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      throw writeFailure(target.path, error);
    }
  }
}

const SETUID_AND_SETGID = 0o6000;

// A program that ran as the container's root must not become one that runs as the user for everybody on the machine.
const ours = ({ mode }: TarHeader): Granted => ({ uid: 0, gid: 0, mode: mode & ~SETUID_AND_SETGID, needsChown: false });

const theirs = ({ uid, gid, mode }: TarHeader): Granted => ({
  uid,
  gid,
  mode: process.geteuid?.() === 0 ? mode : mode & ~SETUID_AND_SETGID,
  needsChown: true,
});
