// Where the faults happen: images that share a layer, archives of them, a registry that takes pushes, and what no fault may take: images with
// a name, and a container.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startEmptyRegistry } from '../support/empty-registry.ts';
import { tool } from '../support/image-archive.ts';
import type { Sandbox } from '../support/sandbox.ts';

export interface Stage {
  box: Sandbox;
  /** `127.0.0.1:PORT` of a registry that takes what is pushed. */
  registry: string;
  /** Named throughout; the layers of `two` and `plain` lie on its own. */
  shared: string;
  /** At the registry and in `archive`; comes and goes in the store. */
  two: string;
  archive: string;
  /** Only in `plainArchive`, whose layers are not compressed. */
  plain: string;
  plainArchive: string;
  /** A tar archive of the files of `shared`. */
  tree: string;
  /** What `save shared` writes. */
  sharedDigest: string;
  /** Of a folder for what `save` writes. */
  output: string;
  /** References that no fault may take → image id. */
  kept: Map<string, string>;
  stop: () => void;
}

/** A container of `shared` that is down and has changes; `keeper` is another. */
export const CHANGED = 'changed';
export const KEEPER = 'keeper';

/** A few hundred files and 3 MB that no compression makes smaller, below /`name`. */
const fill = (name: string): string =>
  `mkdir /${name} && cd /${name} && dd if=/dev/urandom of=big bs=1M count=3 2>/dev/null && for n in $(seq 200); do dd if=big of=part-$n bs=8k count=1 skip=$n 2>/dev/null; done && echo ${name} > last`;

export async function openStage(box: Sandbox, base: string): Promise<Stage> {
  const { address: registry, stop } = await startEmptyRegistry();
  const [shared, two, plain] = ['shared', 'two', 'plain'].map((name) => `${registry}/faults/${name}:1`) as [string, string, string];
  const [archive, plainArchive] = [join(box.files, 'two.tar'), join(box.files, 'plain.tar')];
  const output = join(box.files, 'output');
  mkdirSync(output);
  await box.ok(['pull', '--quiet', base]);
  await make(box, { from: base, reference: shared, name: 'shared' });
  await make(box, { from: shared, reference: two, name: 'two' });
  await make(box, { from: shared, reference: plain, name: 'plain' });
  for (const reference of [shared, two]) await box.ok(['push', '--quiet', reference]);
  await box.ok(['save', '-o', archive, two]);
  await box.ok(['save', '-o', join(box.files, 'compressed.tar'), plain]);
  const from = `docker-archive:${join(box.files, 'compressed.tar')}`;
  tool(['skopeo', '--insecure-policy', 'copy', '--quiet', from, `docker-archive:${plainArchive}:${plain}`], { cwd: box.files });
  await box.ok(['save', '-o', join(output, 'whole.tar'), shared]);
  await box.ok(['rmi', two, plain]);
  await box.ok(['run', '--name', CHANGED, shared, 'sh', '-c', fill('changed')]);
  const tree = join(box.files, 'tree.tar');
  await box.ok(['export', '-o', tree, CHANGED]);
  await box.ok(['create', '--name', KEEPER, shared, 'cat', '/shared/last']);
  const kept = await namedImages(box);
  return {
    box,
    registry,
    shared,
    two,
    archive,
    plain,
    plainArchive,
    tree,
    sharedDigest: digestOfFile(join(output, 'whole.tar')),
    output,
    kept,
    stop,
  };
}

/** Reference → image id, as `images` tells them. */
export async function namedImages(box: Sandbox): Promise<Map<string, string>> {
  const listed = await box.ok(['images', '--no-trunc', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}']);
  return new Map(listed.split('\n').map((line) => line.split(' ') as [string, string]));
}

export const digestOfFile = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

async function make(box: Sandbox, { from, reference, name }: { from: string; reference: string; name: string }): Promise<void> {
  await box.ok(['run', '--name', 'maker', from, 'sh', '-c', fill(name)]);
  await box.ok(['commit', 'maker', reference]);
  await box.ok(['rm', 'maker']);
}
