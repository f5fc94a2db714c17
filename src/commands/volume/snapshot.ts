// `skiff volume snapshot`: takes one, lists them, removes one.
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { pauseFlag } from '../../cli/flags-volume.ts';
import { volumeWork } from '../../cli/volume-work.ts';
import { removeSnapshot, snapshotsOf, snapshotVolume } from '../../engine/volume-copies.ts';
import { renderSnapshots } from '../../render/volume.ts';
import { EngineError } from '../../sys/errors.ts';

export default class VolumeSnapshot extends Command {
  static override description = 'Keep the files of a volume as they are now';
  static override usage = 'volume snapshot [OPTIONS] VOLUME [SNAPSHOT]';
  static override examples = [
    'skiff volume snapshot data before-upgrade',
    'skiff volume snapshot --list data',
    'skiff volume snapshot --rm data before-upgrade',
  ];
  static override minArgs = 1;
  static override maxArgs = 2;
  static override flags = {
    ...pauseFlag,
    list: flag.boolean({ description: 'Show the snapshots of the volume, the oldest first' }),
    rm: flag.boolean({ description: 'Remove the snapshot' }),
  };

  async run({ ctx, flags: { list, rm, pause }, args: [volume = '', name], io }: Parsed<typeof VolumeSnapshot.flags>): Promise<undefined> {
    if (list && (rm || name !== undefined)) throw usage('With --list only a volume is named');
    if (list) io.out(renderSnapshots(snapshotsOf(ctx, volume), ctx.now()));
    else if (rm) {
      if (name === undefined) throw usage('With --rm a snapshot is named, too');
      await removeSnapshot(ctx, volume, name);
      io.out(`${name}\n`);
    } else {
      const made = await volumeWork(io, `Copying ${volume}`, (tools) => snapshotVolume(ctx, volume, { name, pause, ...tools }));
      io.out(`${made}\n`);
    }
  }
}

const usage = (message: string): EngineError =>
  new EngineError('ERR_USAGE', message, { hint: 'skiff volume snapshot [--list|--rm] VOLUME [SNAPSHOT]', exitCode: 125 });
