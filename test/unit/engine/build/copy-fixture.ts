// A store, a context and rootfs layers for tests of COPY and ADD, without a build around them.
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { CopySite } from '../../../../src/engine/build/copy/site.ts';
import { planCopy } from '../../../../src/engine/build/copy-step.ts';
import type { CopyPlan, CopyStep } from '../../../../src/engine/build/model.ts';
import { layerFs } from '../../../../src/storage/layout.ts';
import { type FixtureEntry, tar, testStore, unpack } from '../../storage/tar-fixture.ts';

export interface CopyBench {
  /** The context's folder. */
  context: string;
  site: CopySite;
  warnings: string[];
  /** Path → text; `-> target` makes a symlink, a slash at the end of the path a folder. */
  write: (files: Record<string, string>) => void;
  ignore: (...lines: string[]) => void;
  layer: (entries: FixtureEntry[]) => string;
  plan: (step: Partial<CopyStep>) => Promise<CopyPlan>;
  /** The layer that the step makes over the rootfs: path → text, `-> target`, or `0755 uid:gid` of a folder. */
  copy: (step: Partial<CopyStep>, layers?: string[]) => Promise<Record<string, string>>;
  remove: () => void;
}

export function copyBench(): CopyBench {
  const store = testStore();
  const context = mkdtempSync(join(tmpdir(), 'skiff-context-'));
  const warnings: string[] = [];
  let lines: string[] | undefined;
  const site: CopySite = {
    ctx: { ...store.ctx, warn: (message) => void warnings.push(message) },
    hold: { name: 'test', protect: () => undefined, release: () => undefined },
    signal: new AbortController().signal,
    tell: () => undefined,
    options: {},
    cache: { need: async () => undefined },
  };
  const plan: CopyBench['plan'] = (step) =>
    planCopy(site, {
      id: 'step',
      isAdd: false,
      from: { kind: 'context', context: { folder: context, ignore: lines && { file: '.dockerignore', patterns: lines } } },
      fromName: 'build context',
      sources: [],
      inline: [],
      dest: '/',
      workdir: '/',
      link: false,
      parents: false,
      exclude: [],
      keepGitDir: false,
      ...step,
    });
  return {
    context,
    site,
    warnings,
    write(files) {
      for (const [path, text] of Object.entries(files)) {
        const full = join(context, path);
        mkdirSync(path.endsWith('/') ? full : dirname(full), { recursive: true });
        if (path.endsWith('/')) continue;
        if (text.startsWith('-> ')) symlinkSync(text.slice(3), full);
        else writeFileSync(full, text);
      }
    },
    ignore(...given) {
      lines = given;
    },
    layer: (entries) => unpack(store.ctx, tar(entries)).diffId,
    plan,
    async copy(step, layers = []) {
      const made = await (await plan(step)).make(layers);
      return made ? treeOf(layerFs(store.ctx, made.diffId)) : {};
    },
    remove() {
      rmSync(context, { recursive: true });
      store.remove();
    },
  };
}

function treeOf(root: string, folder = ''): Record<string, string> {
  const tree: Record<string, string> = {};
  for (const name of readdirSync(join(root, folder)).sort()) {
    const path = join(folder, name);
    const stats = lstatSync(join(root, path));
    if (stats.isSymbolicLink()) tree[path] = `-> ${readlinkSync(join(root, path))}`;
    else if (stats.isDirectory()) {
      tree[`${path}/`] =
        `0${(stats.mode & 0o7777).toString(8)} ${inside(stats.uid, process.getuid?.())}:${inside(stats.gid, process.getgid?.())}`;
      Object.assign(tree, treeOf(root, path));
    } else tree[path] = readFileSync(join(root, path), 'utf8');
  }
  return tree;
}

// A plain user's own files are root's in the namespace.
const inside = (id: number, own: number | undefined): number => (id === own ? 0 : id);
