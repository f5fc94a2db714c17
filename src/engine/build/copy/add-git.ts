// `ADD https://….git#ref:folder`: the commit is looked up at once, which is what counts, and its files are fetched only when the layer is made.
import { openSync } from 'node:fs';
import { closeFd } from '../../../sys/at.ts';
import { EngineError } from '../../../sys/errors.ts';
import { withoutSecret } from '../../jobs/download.ts';
import { checkOut, findCommit } from '../context/git.ts';
import type { GitSource } from '../context/git-url.ts';
import type { Matcher } from '../context/patterns.ts';
import { makeTemporary } from '../context/temporary.ts';
import { noteSource } from '../noted-sources.ts';
import { explainMoved, noteSourcePin, requiredSourcePin } from '../source-pins.ts';
import { type Collected, collect } from './collect.ts';
import type { LateSource } from './late-source.ts';
import type { CopySite } from './site.ts';
import { folderTree, rootOf } from './source-tree.ts';

export interface GitAddOptions {
  /** In the Dockerfile. */
  written: string;
  /** Of --keep-git-dir. */
  keepGitDir: boolean;
  checksum: string | undefined;
  exclude: Matcher | undefined;
}

const SHA1_DIGITS = 40;

/** Throws ERR_GIT, ERR_CHECKSUM, ERR_NO_PROGRAM; so does its `open`. */
export async function gitSource(
  site: CopySite,
  given: GitSource,
  { written, keepGitDir, checksum: asked, exclude }: GitAddOptions,
): Promise<LateSource> {
  const pin = asked === undefined ? await requiredSourcePin(site, 'git', written) : undefined;
  const checksum = asked ?? pin;
  if (checksum !== undefined && given.commit !== undefined && checksum !== given.commit)
    throw new EngineError('ERR_CHECKSUM', `checksum mismatch "${checksum}" != "${given.commit}"`);
  const source = { ...given, commit: checksum ?? given.commit };
  const calls = { signal: site.signal, sshAgent: site.options.ssh?.default?.socket };
  const found = await findCommit(site.ctx, source, calls).catch((error: unknown) => {
    throw explainMoved(error, { written, pin });
  });
  await noteSourcePin(site, 'git', { written, pin: found.commit });
  const name = `${withoutSecret(source.remote)}${source.ref === undefined ? '' : `#${source.ref}`}`;
  noteSource(site, { kind: 'git', name, digest: `${found.commit.length === SHA1_DIGITS ? 'sha1' : 'sha256'}:${found.commit}` });
  const keeps = given.keepGitDir ?? keepGitDir;
  return {
    kind: 'late',
    name: `git ${source.folder}`,
    digest: `${found.commit}${keeps ? ' with .git' : ''}${source.submodules ? '' : ' without submodules'}`,
    async open() {
      const temporary = makeTemporary(site.ctx);
      try {
        const folder = await checkOut(site.ctx, { source, found, folder: temporary.path, keepGitDir: keeps }, calls);
        const fd = openSync(folder, 'r');
        const tree = folderTree(fd, { isContext: true });
        const entries: Collected[] = [...collect(tree, rootOf(tree), { exclude })];
        const release = (): void => {
          closeFd(fd);
          temporary.remove();
        };
        return { source: { kind: 'tree', base: '', entries, isRoots: true, owners: undefined }, release };
      } catch (error) {
        temporary.remove();
        throw error;
      }
    },
  };
}
