// A TUF repository (theupdateframework.io, specification 1.0) that has one target, `trusted_root.json`, signed by a key of its own.
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { Key, Metadata, MetaFile, Root, Signature, Snapshot, TargetFile, Targets, Timestamp } from '@tufjs/models';

export interface TufMirror {
  /** `http://127.0.0.1:PORT`. */
  address: string;
  /** Its first root, which whoever trusts it has beforehand. */
  root: string;
  stop: () => void;
}

export function startTufMirror(trustedRoot: object): TufMirror {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const public_ = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex');
  const key = new Key({ keyID: 'key', keyType: 'ed25519', scheme: 'ed25519', keyVal: { public: public_ } });
  const document = (signed: Root | Targets | Snapshot | Timestamp): string => {
    const metadata = new Metadata(signed);
    metadata.sign((data) => new Signature({ keyID: 'key', sig: sign(null, data, privateKey).toString('hex') }));
    return JSON.stringify(metadata.toJSON());
  };
  const day = new Date(Date.now() + 86_400_000).toISOString().replace(/\.\d+Z$/, 'Z');
  const base = { version: 1, specVersion: '1.0.0', expires: day };
  const root = new Root({ ...base, consistentSnapshot: true });
  for (const role of ['root', 'timestamp', 'snapshot', 'targets']) root.addKey(key, role);
  const target = Buffer.from(JSON.stringify(trustedRoot));
  const sha256 = createHash('sha256').update(target).digest('hex');
  const path = 'trusted_root.json';
  const targets = { [path]: new TargetFile({ path, length: target.length, hashes: { sha256 } }) };
  const files: Record<string, string | Buffer> = {
    '/1.root.json': document(root),
    '/timestamp.json': document(new Timestamp({ ...base, snapshotMeta: new MetaFile({ version: 1 }) })),
    '/1.snapshot.json': document(new Snapshot({ ...base, meta: { 'targets.json': new MetaFile({ version: 1 }) } })),
    '/1.targets.json': document(new Targets({ ...base, targets })),
    [`/targets/${sha256}.${path}`]: target,
  };
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: ({ url }) => {
      const file = files[new URL(url).pathname];
      return file === undefined ? new Response('none', { status: 404 }) : new Response(file);
    },
  });
  return { address: `http://127.0.0.1:${server.port}`, root: String(files['/1.root.json']), stop: () => void server.stop(true) };
}
