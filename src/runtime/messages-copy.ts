// The jobs of `cp`. What is copied goes as a tar archive over descriptor 3, between the worker, which sees the container's files, and the
// front, which sees the user's.

interface ContainerFiles {
  /** Full id. */
  container: string;
  /** The container as the user named it, for messages. */
  wanted: string;
  /** How the worker finds the files: those of a running container through it, else by mounting them, unless its supervisor has. */
  view: ContainerFilesView;
  /** In the container, as the user gave it. */
  path: string;
}

export type ContainerFilesView = 'live' | 'mount' | 'mounted';

/** Writes a file or folder of a container to descriptor 3. */
export interface CopyOutJob extends ContainerFiles {
  kind: 'copy-out';
  followLink: boolean;
  /** The archive is for the user: then a followed symlink's target keeps its own name in it. */
  isArchiveWanted: boolean;
}

/** Unpacks the archive on descriptor 3 into a container. */
export interface CopyInJob extends ContainerFiles {
  kind: 'copy-in';
  /** What is copied; undefined for an archive of the user's, which is unpacked into the folder `path`. */
  source: CopySource | undefined;
  keepOwners: boolean;
}

/** What the archive of one file or folder holds. Byte strings. */
export interface CopySource {
  /** The first component of all its names; `.` where they have none in common. */
  base: string;
  isFolder: boolean;
}
