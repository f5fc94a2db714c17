// A real distribution for the tests: Debian bookworm, minbase, from debootstrap (which needs root), as one gzip layer.
// The finished layer is kept in the cache, because making it takes minutes.
import { chmodSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, type Image, imageOf, layerOfBlob } from './layout.ts';

/** Raise it when the recipe below changes. */
const recipe = 2;
const suite = 'bookworm';

/** The image, or undefined where it is not in the cache and this user may not make it. */
export function debianImage(cache: string): Image | undefined {
  const file = join(cache, `debian-${suite}-${recipe}.tar.gz`);
  if (!existsSync(file)) {
    if (process.getuid?.() !== 0) return undefined;
    makeLayer(cache, file);
  }
  const blob = readFileSync(file);
  const layer = layerOfBlob(blob, digestOf(Bun.gunzipSync(blob)), 'gzip');
  return imageOf({
    layers: [layer],
    config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['bash'] },
  });
}

function makeLayer(cache: string, file: string): void {
  console.error('images: debootstrap (once, some minutes)');
  const root = mkdtempSync(join(cache, 'debian-root-'));
  try {
    const sources = aptSources();
    const mirror = sources.find(({ release }) => release === suite)?.uri;
    if (mirror === undefined) throw new Error(`apt here knows no mirror of ${suite}, from which the Debian image would be made`);
    const options = ['--variant=minbase', '--include=ca-certificates,busybox'];
    execute(['debootstrap', ...options, suite, root, mirror], join(cache, 'debootstrap.log'));
    // The temporary folder is closed to others; the image's root is not.
    chmodSync(root, 0o755);
    writeFileSync(join(root, 'etc/apt/sources.list'), sources.map(({ uri, release }) => `deb ${uri} ${release} main\n`).join(''));
    execute(['sh', '-c', `cd '${root}' && rm -rf var/cache/apt/* var/lib/apt/lists/* var/log/*.log etc/hostname etc/resolv.conf`]);
    const archive = ['--sort=name', '--numeric-owner', '--xattrs', '--exclude=./proc/*', '--exclude=./sys/*', '--exclude=./dev/*'];
    execute(['sh', '-c', `tar ${archive.join(' ')} -C '${root}' -c . | gzip -6 > '${file}.new'`]);
    renameSync(`${file}.new`, file);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Where this machine's own apt gets the suite, its updates and its security fixes from. */
export function aptSources(): { uri: string; release: string }[] {
  const { stdout } = Bun.spawnSync(['apt-get', 'indextargets', '--format', '$(REPO_URI) $(RELEASE)', 'Created-By: Packages']);
  const lines = [...new Set(stdout.toString().split('\n'))].filter((line) => line.includes(suite));
  return lines.map((line) => {
    const [uri = '', release = ''] = line.split(' ');
    return { uri, release };
  });
}

function execute(command: string[], log?: string): void {
  const output = log === undefined ? 'inherit' : Bun.file(log);
  const { exitCode } = Bun.spawnSync(command, { stdin: 'ignore', stdout: log === undefined ? 'ignore' : output, stderr: output });
  if (exitCode !== 0) throw new Error(`"${command[0]}" failed with ${exitCode}${log === undefined ? '' : `; see ${log}`}`);
}
