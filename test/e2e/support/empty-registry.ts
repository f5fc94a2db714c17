// An empty docker-registry on a free loopback port that takes what is pushed, for the tests of a file; its storage goes with it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface EmptyRegistry {
  /** `127.0.0.1:PORT`. */
  address: string;
  stop: () => void;
}

/** `settings` are added to docker-registry's configuration, for instance `{ auth: … }`. It answers when this returns. */
export async function startEmptyRegistry(settings: object = {}): Promise<EmptyRegistry> {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const address = `127.0.0.1:${probe.port}`;
  probe.stop(true);
  const folder = mkdtempSync('/var/tmp/skiff-test-registry-');
  const config = join(folder, 'config.yml');
  // JSON is YAML too.
  const configuration = {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'storage') }, delete: { enabled: true } },
    http: { addr: address },
    ...settings,
  };
  writeFileSync(config, JSON.stringify(configuration));
  const log = Bun.file(join(folder, 'log'));
  const child = Bun.spawn(['docker-registry', 'serve', config], { stdin: 'ignore', stdout: log, stderr: log });
  const stop = () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  for (let attempt = 0; attempt < 600 && child.exitCode === null; attempt++) {
    if (await fetch(`http://${address}/v2/`).catch(() => undefined)) return { address, stop };
    await Bun.sleep(50);
  }
  const last = readFileSync(join(folder, 'log'), 'utf8').split('\n').slice(-5).join('\n');
  stop();
  throw new Error(`docker-registry did not start: ${last}`);
}
