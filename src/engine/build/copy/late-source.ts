// What is a tree only once it was fetched or unpacked, which is done when the layer is made, and not for the key.
import type { TreeSource } from './place-source.ts';

export interface LateSource {
  kind: 'late';
  /** What stands for its content in the key: this name and digest, or the file that it is unpacked from. */
  name: string;
  digest: string;
  counts?: TreeSource;
  /** Makes the tree; to be released when it was copied. */
  open(): Promise<{ source: TreeSource; release: () => void }>;
}
