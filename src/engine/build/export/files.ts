// `type=local` and `type=tar`: the files of the rootfs as the stacked layers show them, without mounting anything, as a tar archive to a descriptor. For
// `local` the front unpacks it. Files of several platforms lie in a folder each, `linux_amd64`, unless `platform-split=false` puts them together.

import { formatPlatform } from '../../../oci/platform.ts';
import { openLayerStack } from '../../../storage/layer-stack.ts';
import type { TarHeader } from '../../../storage/tar-header.ts';
import { createTarWriter, type TarWriter } from '../../../storage/tar-writer.ts';
import { packWhole } from '../../../storage/tree-export.ts';
import { readTrueOwners } from '../../../storage/true-owners.ts';
import { EngineError } from '../../../sys/errors.ts';
import { writeFully } from '../../../sys/write-fully.ts';
import type { OutputWork } from '../export.ts';
import type { BuildSite } from '../model.ts';
import { isOn } from '../output-spec.ts';
import { asStep } from './steps.ts';
import { newEntry } from './tar-entry.ts';

/** Throws ERR_OUTPUT where two platforms have another file of one name, ERR_LAYER_MISSING, and the errno of a failed write. */
export async function exportFiles(site: BuildSite, { output, id, finished }: OutputWork): Promise<void> {
  const { descriptor, type } = output;
  if (descriptor === undefined) throw new Error('An output of files without a place');
  const { ctx, signal, options } = site;
  const isSplit = isOn(output, 'platform-split', finished.length > 1);
  const name = type === 'local' ? 'exporting to client directory' : 'exporting to client tarball';
  await asStep(site, { id, name }, async (steps) => {
    let sent = 0;
    const tar = createTarWriter((chunk) => {
      sent += chunk.length;
      writeFully(descriptor, chunk);
    });
    const seen = new Map<string, string>();
    for (const { platform, layers } of finished) {
      const shown = formatPlatform(platform);
      const label = type === 'local' ? `copying files${finished.length > 1 ? ` ${shown}` : ''}` : 'sending tarball';
      const folder = isSplit ? `${shown.replaceAll('/', '_')}/` : '';
      if (folder) tar.entry(newEntry(folder, options.sourceDateEpoch));
      const target = changed(tar, { folder, epoch: options.sourceDateEpoch, note: isSplit ? undefined : noteIn(seen, shown) });
      const tree = openLayerStack(
        ctx,
        layers.map(({ diffId }) => diffId),
      );
      try {
        const onPause = async (): Promise<void> => {
          steps.progress(label, sent);
          await Bun.sleep(0);
          signal.throwIfAborted();
        };
        await packWhole(target, tree, { owners: readTrueOwners(ctx, tree.diffIds), onPause });
      } finally {
        tree.close();
      }
      steps.progress(label, sent, undefined, true);
    }
    tar.end();
  });
}

interface Changes {
  /** Goes before every name; '' or with a slash at its end. */
  folder: string;
  /** Seconds; every time becomes this. */
  epoch: number | undefined;
  note: ((header: TarHeader) => void) | undefined;
}

function changed(tar: TarWriter, { folder, epoch, note }: Changes): TarWriter {
  return {
    ...tar,
    entry(header) {
      note?.(header);
      const times = epoch === undefined ? {} : { mtimeSeconds: epoch, mtimeNanoseconds: 0 };
      const name = folder + (folder && header.name === './' ? '' : header.name);
      tar.entry({ ...header, ...times, name, linkName: header.type === '1' ? folder + header.linkName : header.linkName });
    },
  };
}

/** Refuses a file that another platform has put there; folders may be everybody's. */
function noteIn(seen: Map<string, string>, platform: string): (header: TarHeader) => void {
  return ({ name, type }) => {
    const other = seen.get(name);
    if (type !== '5' && other !== undefined && other !== platform) {
      throw new EngineError(
        'ERR_OUTPUT',
        `cannot overwrite ${Buffer.from(name, 'latin1')} from ${other} with ${platform} when split option is disabled`,
        { hint: 'Leave out platform-split=false: each platform gets a folder of its own' },
      );
    }
    if (type !== '5') seen.set(name, platform);
  };
}
