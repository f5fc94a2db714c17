// The jobs of `volume`.

/** Adds up what volumes take of the disk. */
export interface VolumeSizesJob {
  kind: 'volume-sizes';
  names: string[];
}

/** Bytes on the disk, by name. */
export interface VolumeSizes {
  sizes: Record<string, number>;
}
