// The images of the test registry, but for Debian, which comes from debootstrap. Each is made by a function of its own, so that
// a test reads here what is in the image it runs.
import { readFileSync } from 'node:fs';
import { helloElf } from '../../../../scripts/hello-elf.ts';
import { type Compression, type Image, imageOf, indexOf, type Layer, layerOf } from './layout.ts';
import { type TarEntry, tarOf } from './tar.ts';

const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const passwd = `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
app:x:1000:1000:App:/home/app:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/bin/false
`;
const group = `root:x:0:
daemon:x:1:
staff:x:50:app
app:x:1000:
nogroup:x:65534:
`;

/** Repository name → image, all tagged `latest`. */
export function makeCatalogue(): Record<string, () => Image> {
  const base = busyboxLayer();
  return {
    busybox: () => imageOf({ layers: [base], config: { Env: [path], Cmd: ['sh'], Labels: { 'test.image': 'busybox' } } }),
    features: () => featuresImage(base),
    unusual: () => unusualImage(base),
    multi: () => multiImage(base),
    foreign: () => imageOf({ layers: [foreignLayer()], architecture: 'arm64', config: { Env: [path], Cmd: ['/hello'] } }),
    app: () => appImage('gzip'),
    'app-zstd': () => appImage('zstd'),
  };
}

/** busybox with a hard link per applet, as the well-known image has it, and a few users. */
function busyboxLayer(compression: Compression = 'gzip'): Layer {
  const listing = Bun.spawnSync(['/bin/busybox', '--list'], { stdout: 'pipe', stderr: 'ignore' });
  const applets = listing.stdout
    .toString()
    .trim()
    .split('\n')
    .filter((name) => name !== 'busybox')
    .sort();
  const folders = ['bin', 'dev', 'etc', 'home', 'proc', 'root', 'sys', 'usr', 'usr/bin', 'usr/sbin', 'var', 'var/tmp', 'www'];
  return layerOf(
    tarOf([
      ...folders.map((folder): TarEntry => ({ path: folder, type: 'dir' })),
      { path: 'tmp', type: 'dir', mode: 0o1777 },
      { path: 'home/app', type: 'dir', uid: 1000, gid: 1000 },
      { path: 'bin/busybox', content: readFileSync('/bin/busybox'), mode: 0o755 },
      ...applets.map((name): TarEntry => ({ path: `bin/${name}`, type: 'link', target: 'bin/busybox', mode: 0o755 })),
      { path: 'etc/passwd', content: passwd },
      { path: 'etc/group', content: group },
      { path: 'www/index.html', content: 'hello from the container\n' },
      { path: 'bin/not-executable', content: 'text\n' },
    ]),
    compression,
  );
}

/** Every field of the image config that `run` merges, kept or overridden by a flag. */
function featuresImage(base: Layer): Image {
  const seed = layerOf(
    tarOf([
      { path: '.', type: 'dir', uid: 1000, gid: 1000, mode: 0o751 },
      { path: 'data', type: 'dir', uid: 1000, gid: 1000 },
      { path: 'data/seed', content: 'from the image\n', uid: 1000, gid: 1000 },
      { path: 'cache', type: 'dir', uid: 1000, gid: 1000, mode: 0o700 },
    ]),
  );
  return imageOf({
    layers: [base, seed],
    config: {
      User: 'app',
      WorkingDir: '/srv/made/by/run',
      Env: [path, 'GREETING=hello', 'EMPTY='],
      Entrypoint: ['/bin/echo', 'entry'],
      Cmd: ['one', 'two'],
      ExposedPorts: { '8080/tcp': {}, '53/udp': {} },
      Volumes: { '/data': {}, '/cache': {} },
      StopSignal: 'SIGUSR1',
      Healthcheck: { Test: ['CMD-SHELL', 'test -e /data/seed'], Interval: 2_000_000_000, Timeout: 1_000_000_000, Retries: 2 },
      Labels: { 'test.image': 'features', 'test.keep': 'yes' },
    },
  });
}

/** What layers may hold beside plain files: each entry is looked at by a test of unpacking. The three layers differ in compression. */
function unusualImage(base: Layer): Image {
  // struct vfs_cap_data, revision 2: effective, permitted CAP_NET_BIND_SERVICE (bit 10).
  const capability = new Uint8Array([1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  const long = `${'deep/'.repeat(45)}file-with-a-long-name`;
  const deepFolders = Array.from({ length: 45 }, (_, depth): TarEntry => ({ path: `deep${'/deep'.repeat(depth)}`, type: 'dir' }));
  const lower = layerOf(
    tarOf([
      { path: 'whiteouts', type: 'dir' },
      { path: 'whiteouts/removed', content: 'must not be seen\n' },
      { path: 'whiteouts/kept', content: 'kept\n' },
      { path: 'opaque', type: 'dir' },
      { path: 'opaque/lower', content: 'must not be seen\n' },
      { path: 'becomes-folder', content: 'a file below\n' },
      { path: 'becomes-file', type: 'dir' },
      { path: 'becomes-file/inside', content: 'must not be seen\n' },
      ...deepFolders,
      { path: long, content: 'deep\n' },
    ]),
    'zstd',
  );
  const upper = layerOf(
    tarOf([
      { path: 'whiteouts', type: 'dir' },
      { path: 'whiteouts/.wh.removed' },
      { path: 'opaque', type: 'dir' },
      { path: 'opaque/.wh..wh..opq' },
      { path: 'opaque/upper', content: 'upper\n' },
      { path: 'becomes-folder', type: 'dir' },
      { path: 'becomes-folder/inside', content: 'inside\n' },
      { path: 'becomes-file', content: 'now a file\n' },
      { path: 'bin/setuid', content: readFileSync('/bin/busybox'), mode: 0o4755 },
      { path: 'bin/busybox-capable', content: readFileSync('/bin/busybox'), mode: 0o755, xattrs: { 'security.capability': capability } },
      { path: 'fifo', type: 'fifo', mode: 0o622 },
      { path: 'dev/console-like', type: 'char', device: [5, 1], mode: 0o600 },
      { path: 'owned', content: 'owned\n', uid: 1000, gid: 50, mode: 0o640, mtime: 981_173_106 },
      { path: 'noble', content: 'last id\n', uid: 65_534, gid: 65_534 },
      { path: 'na\u00efve \u6f22\u5b57', content: 'unicode\n' },
      { path: 'hard-one', content: 'linked\n' },
      { path: 'hard-two', type: 'link', target: 'hard-one' },
      { path: 'dangling', type: 'symlink', target: 'nowhere/at/all' },
      { path: 'absolute', type: 'symlink', target: '/etc/passwd' },
    ]),
    'none',
  );
  return imageOf({ layers: [base, lower, upper], config: { Env: [path], Cmd: ['sh'] } });
}

/** An index with a real amd64 image, arm64 and arm/v7 ones, and an attestation, as builders add one. */
function multiImage(base: Layer): Image {
  const marked = (architecture: string) => layerOf(tarOf([{ path: 'architecture', content: `${architecture}\n` }]));
  const attestation = imageOf({ layers: [layerOf(tarOf([{ path: 'attestation.json', content: '{}' }]), 'none')], architecture: 'unknown' });
  attestation.manifest.platform = { os: 'unknown', architecture: 'unknown' };
  attestation.manifest.annotations = { 'vnd.docker.reference.type': 'attestation-manifest' };
  const config = { Env: [path], Cmd: ['cat', '/architecture'] };
  return indexOf([
    imageOf({ layers: [foreignLayer(), marked('arm64')], architecture: 'arm64', config: { Env: [path], Cmd: ['/hello'] } }),
    imageOf({ layers: [foreignLayer(), marked('arm')], architecture: 'arm', variant: 'v7', config }),
    imageOf({ layers: [base, marked('amd64')], config }),
    attestation,
  ]);
}

/** A program for arm64: a machine of another kind cannot execute it. */
const foreignLayer = (): Layer => layerOf(tarOf([{ path: 'hello', content: helloElf('arm64'), mode: 0o755 }]));

/** Six layers and 25,000 files of 1 to 12 KB, about 160 MB, which compress about as well as source text. */
function appImage(compression: 'gzip' | 'zstd'): Image {
  const random = randomFrom(20_240_101);
  const words = Array.from({ length: 4096 }, () =>
    random()
      .toString(36)
      .slice(0, 3 + (random() % 6)),
  );
  const layers = Array.from({ length: 5 }, (_, layer) => layerOf(tarOf(appFiles(layer, words, random)), compression));
  return imageOf({ layers: [busyboxLayer(compression), ...layers], config: { Env: [path], Cmd: ['sh'] } });
}

function appFiles(layer: number, words: string[], random: () => number): TarEntry[] {
  const root = `app/part${layer}`;
  const folders = Array.from({ length: 100 }, (_, folder): TarEntry => ({ path: `${root}/d${folder}`, type: 'dir' }));
  const files = Array.from({ length: 5000 }, (_, file): TarEntry => {
    const size = 1024 + (random() % 11_264);
    let content = '';
    while (content.length < size) content += `${words[random() % words.length]} `;
    return { path: `${root}/d${file % 100}/module-${file}.js`, content: content.slice(0, size) };
  });
  return [{ path: 'app', type: 'dir' }, { path: root, type: 'dir' }, ...folders, ...files];
}

/** xorshift32: the same numbers on every machine. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}
