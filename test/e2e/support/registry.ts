// The registry of the tests: Debian's docker-registry on a free loopback port, over HTTP and without a login. Its images are made
// once and kept in `${XDG_CACHE_HOME:-~/.cache}/skiff-test`, under the hash of the scripts that make them; while tests use it,
// it is read-only, so that no test changes what the next one pulls.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { makeCatalogue } from './images/catalogue.ts';
import { debianImage } from './images/debian.ts';
import { type Image, writeLayout } from './images/layout.ts';

export interface TestRegistry {
  /** `127.0.0.1:PORT`. */
  address: string;
  /** Repository names that could not be made here. */
  missing: string[];
  stop: () => void;
}

export const cacheFolder = (): string => join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'skiff-test');

/** Makes the images that the cache lacks, and serves them. */
export async function startTestRegistry(): Promise<TestRegistry> {
  const cache = cacheFolder();
  const storage = join(cache, 'images', imagesHash());
  if (!existsSync(join(storage, 'ready'))) await populate(cache, storage);
  const missing: string[] = JSON.parse(readFileSync(join(storage, 'ready'), 'utf8'));
  // The one image that only root can make: it may be there since.
  if (missing.length > 0 && process.getuid?.() === 0) {
    rmSync(storage, { recursive: true, force: true });
    return startTestRegistry();
  }
  const server = await serve(storage, { readOnly: true });
  return { ...server, missing };
}

async function populate(cache: string, storage: string): Promise<void> {
  mkdirSync(join(cache, 'images'), { recursive: true });
  for (const old of readdirSync(join(cache, 'images'))) rmSync(join(cache, 'images', old), { recursive: true, force: true });
  const staging = mkdtempSync(join(cache, 'images', 'new-'));
  const server = await serve(staging, { readOnly: false });
  try {
    const catalogue = makeCatalogue();
    for (const [name, make] of Object.entries(catalogue)) push(make(), `${server.address}/${name}:latest`);
    const address = (name: string) => `docker://${server.address}/${name}:latest`;
    skopeo(['--format=v2s2', address('busybox'), address('schema2')]);
    skopeo(['--format=v2s2', '--all', address('multi'), address('manifest-list')]);
    const debian = debianImage(cache);
    if (debian !== undefined) for (const tag of ['latest', 'bookworm']) push(debian, `${server.address}/debian:${tag}`);
    writeFileSync(join(staging, 'ready'), JSON.stringify(debian === undefined ? ['debian'] : []));
  } finally {
    server.stop();
  }
  renameSync(staging, storage);
}

function push(image: Image, reference: string): void {
  console.error(`images: ${reference.slice(reference.indexOf('/') + 1)}`);
  const layout = mkdtempSync(join(cacheFolder(), 'layout-'));
  try {
    writeLayout(layout, image);
    skopeo(['--all', `oci:${layout}:latest`, `docker://${reference}`]);
  } finally {
    rmSync(layout, { recursive: true, force: true });
  }
}

function skopeo(args: string[]): void {
  const command = ['skopeo', '--insecure-policy', 'copy', '--quiet', '--src-tls-verify=false', '--dest-tls-verify=false', ...args];
  const { exitCode } = Bun.spawnSync(command, { stdin: 'ignore', stdout: 'ignore', stderr: 'inherit' });
  if (exitCode !== 0) throw new Error(`"${command.join(' ')}" failed with ${exitCode}`);
}

/** Every source that decides what is in an image. */
function imagesHash(): string {
  const hasher = new Bun.CryptoHasher('sha256');
  const folder = join(import.meta.dir, 'images');
  const sources = readdirSync(folder)
    .sort()
    .map((name) => join(folder, name));
  sources.push(join(import.meta.dir, '../../../scripts/hello-elf.ts'), import.meta.path, '/bin/busybox');
  for (const source of sources) hasher.update(readFileSync(source));
  return hasher.digest('hex').slice(0, 16);
}

async function serve(storage: string, options: { readOnly: boolean }): Promise<Omit<TestRegistry, 'missing'>> {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const address = `127.0.0.1:${probe.port}`;
  probe.stop(true);
  const folder = mkdtempSync(join(cacheFolder(), 'registry-'));
  const config = join(folder, 'config.yml');
  writeFileSync(config, JSON.stringify(configuration(storage, address, options.readOnly)));
  const log = Bun.file(join(folder, 'log'));
  const child = Bun.spawn(['docker-registry', 'serve', config], { stdin: 'ignore', stdout: log, stderr: log });
  const stop = () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) break;
    const answer = await fetch(`http://${address}/v2/`).catch(() => undefined);
    if (answer?.ok) return { address, stop };
    await Bun.sleep(50);
  }
  const last = readFileSync(join(folder, 'log'), 'utf8').split('\n').slice(-5).join('\n');
  stop();
  throw new Error(`docker-registry did not start: ${last}`);
}

// JSON is YAML too.
const configuration = (storage: string, address: string, readOnly: boolean): object => ({
  version: 0.1,
  log: { level: 'error', accesslog: { disabled: true } },
  storage: { filesystem: { rootdirectory: storage }, maintenance: { readonly: { enabled: readOnly } }, delete: { enabled: true } },
  http: { addr: address },
});
