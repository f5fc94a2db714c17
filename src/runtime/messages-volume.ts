// The jobs of `volume`.
import type { SnapshotRecord, VolumeRecord } from '../storage/records.ts';

/** Adds up what volumes take of the disk. */
export interface VolumeSizesJob {
  kind: 'volume-sizes';
  names: string[];
}

/** Bytes on the disk, by name. */
export interface VolumeSizes {
  sizes: Record<string, number>;
}

/** What a volume's files that are made anew become. */
export type VolumeTarget =
  | { to: 'volume'; record: VolumeRecord }
  | { to: 'snapshot'; volume: string; record: SnapshotRecord }
  /** They take the place of those there are; these go to a folder of the trash, or for good. */
  | { to: 'data'; volume: string; keptIn?: string | undefined; verb: string };

/** Copies a folder of files. */
export interface VolumeCopyJob {
  kind: 'volume-copy';
  /** Its path. */
  from: string;
  target: VolumeTarget;
}

/** Puts the files of a volume back that were replaced: to move a folder, one has to be its owner. */
export interface VolumePutBackJob {
  kind: 'volume-put-back';
  /** In the trash. */
  removal: string;
  volume: string;
}

/** Writes a folder of files to descriptor 3 as a tar archive. */
export interface VolumeExportJob {
  kind: 'volume-export';
  /** Its path. */
  from: string;
  volume: string;
}

/** Unpacks the archive on descriptor 3. */
export interface VolumeImportJob {
  kind: 'volume-import';
  /** What the user called the archive. */
  name: string;
  /** The path of files that are there before the archive's are, and stay where it has no others. */
  over?: string | undefined;
  target: VolumeTarget;
}
