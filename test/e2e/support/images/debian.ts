// A real distribution for the tests: Debian bookworm, minbase, from debootstrap (which needs root), as one gzip layer.
// The finished layer is kept in the cache, because making it takes minutes.
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, type Image, imageOf, layerOfBlob } from './layout.ts';

/** Raise it when the recipe below changes. */
const recipe = 1;
const mirror = 'http://deb.debian.org/debian';

/** The image, or undefined where it is not in the cache and this user may not make it. */
export function debianImage(cache: string): Image | undefined {
  const file = join(cache, `debian-bookworm-${recipe}.tar.gz`);
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
    const suite = ['--variant=minbase', '--include=ca-certificates,busybox', 'bookworm', root, mirror];
    execute(['debootstrap', ...suite], join(cache, 'debootstrap.log'));
    writeFileSync(join(root, 'etc/apt/sources.list'), aptSources);
    execute(['sh', '-c', `cd '${root}' && rm -rf var/cache/apt/* var/lib/apt/lists/* var/log/*.log etc/hostname etc/resolv.conf`]);
    const options = ['--sort=name', '--numeric-owner', '--xattrs', '--exclude=./proc/*', '--exclude=./sys/*', '--exclude=./dev/*'];
    execute(['sh', '-c', `tar ${options.join(' ')} -C '${root}' -c . | gzip -6 > '${file}.new'`]);
    renameSync(`${file}.new`, file);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const aptSources = `deb ${mirror} bookworm main
deb ${mirror} bookworm-updates main
deb http://deb.debian.org/debian-security bookworm-security main
`;

function execute(command: string[], log?: string): void {
  const output = log === undefined ? 'inherit' : Bun.file(log);
  const { exitCode } = Bun.spawnSync(command, { stdin: 'ignore', stdout: log === undefined ? 'ignore' : output, stderr: output });
  if (exitCode !== 0) throw new Error(`"${command[0]}" failed with ${exitCode}${log === undefined ? '' : `; see ${log}`}`);
}
