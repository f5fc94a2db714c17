// A docker-registry of a test's own, empty and writable: with users (htpasswd), with TLS from an authority of the test's own, with client
// certificates. It listens on 0.0.0.0, under which name it is not one of this machine's own, which would be spoken to without TLS.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface PrivateRegistry {
  /** `0.0.0.0:PORT`. */
  address: string;
  stop: () => void;
}

export interface PrivateRegistryOptions {
  /** Name → password. */
  users?: Record<string, string>;
  tls?: { certificate: string; key: string; clientAuthority?: string };
  /** A free port when left out. */
  port?: number;
}

export async function startPrivateRegistry({ users, tls, port }: PrivateRegistryOptions): Promise<PrivateRegistry> {
  const folder = mkdtempSync(join(tmpdir(), 'private-registry-'));
  const address = `0.0.0.0:${port ?? freePort()}`;
  const auth = users && { htpasswd: { realm: 'tests', path: join(folder, 'htpasswd') } };
  if (auth) writeFileSync(auth.htpasswd.path, await htpasswd(users));
  const http = { addr: address, ...(tls ? { tls: tlsOf(tls) } : {}) };
  const storage = { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } };
  const log = { level: 'error', accesslog: { disabled: true } };
  // JSON is YAML too.
  writeFileSync(join(folder, 'config.yml'), JSON.stringify({ version: 0.1, log, storage, http, ...(auth ? { auth } : {}) }));
  mkdirSync(join(folder, 'data'));
  const output = Bun.file(join(folder, 'log'));
  const child = Bun.spawn(['docker-registry', 'serve', join(folder, 'config.yml')], { stdin: 'ignore', stdout: output, stderr: output });
  const stop = () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  for (let attempt = 0; attempt < 600 && child.exitCode === null; attempt++) {
    if (await answers(address)) return { address, stop };
    await Bun.sleep(50);
  }
  const said = readFileSync(join(folder, 'log'), 'utf8');
  stop();
  throw new Error(`docker-registry did not start: ${said}`);
}

const tlsOf = ({ certificate, key, clientAuthority }: NonNullable<PrivateRegistryOptions['tls']>) => ({
  certificate,
  key,
  ...(clientAuthority ? { clientcas: [clientAuthority] } : {}),
});

async function htpasswd(users: Record<string, string>): Promise<string> {
  const lines = Object.entries(users).map(async ([name, password]) => {
    const hash = await Bun.password.hash(password, { algorithm: 'bcrypt', cost: 4 });
    return `${name}:${hash.replace(/^\$2b\$/, '$2y$')}\n`;
  });
  return (await Promise.all(lines)).join('');
}

function freePort(): number {
  const probe = Bun.listen({ hostname: '0.0.0.0', port: 0, socket: { data() {} } });
  const { port } = probe;
  probe.stop(true);
  return port;
}

// That it listens is enough: what it says to whom is the test's.
async function answers(address: string): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: '127.0.0.1', port: Number(address.split(':')[1]), socket: { data() {} } });
    socket.end();
    return true;
  } catch {
    return false;
  }
}

export interface Authority {
  /** PEM files. */
  ca: string;
  server: { certificate: string; key: string };
  client: { certificate: string; key: string };
}

/** An authority, a certificate of it for 0.0.0.0, and one for a client. */
export function makeAuthority(folder: string): Authority {
  mkdirSync(folder, { recursive: true });
  const at = (name: string) => join(folder, name);
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(['req', '-x509', ...curve, '-days', '2', '-subj', '/CN=authority of the tests', '-keyout', at('ca.key'), '-out', at('ca.pem')]);
  const issue = (name: string, extension: string) => {
    openssl(['req', ...curve, '-subj', `/CN=${name}`, '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`)]);
    writeFileSync(at(`${name}.ext`), extension);
    const signer = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2'];
    openssl(['x509', '-req', '-in', at(`${name}.csr`), ...signer, '-extfile', at(`${name}.ext`), '-out', at(`${name}.pem`)]);
    return { certificate: at(`${name}.pem`), key: at(`${name}.key`) };
  };
  return {
    ca: at('ca.pem'),
    server: issue('server', 'subjectAltName=IP:0.0.0.0,IP:127.0.0.1\n'),
    client: issue('client', 'extendedKeyUsage=clientAuth\n'),
  };
}

function openssl(args: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(['openssl', ...args], { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' });
  if (exitCode !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`);
}
