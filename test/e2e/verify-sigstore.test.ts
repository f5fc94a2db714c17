// What sigstore's own client signs, and its own OCI client attaches to an image in a registry that wants a login: verified and pulled here. The
// registry knows no referrers, so the artifact is found by the tag that stands for them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleToJSON } from '@sigstore/bundle';
import { attachArtifactToImage } from '@sigstore/oci';
import { DSSEBundleBuilder, FulcioSigner, RekorWitness } from '@sigstore/sign';
import { openAuthority } from '../support/authority.ts';
import { SIGN_PREDICATE } from '../support/signing.ts';
import { type EmptyRegistry, startEmptyRegistry } from './support/empty-registry.ts';
import { imageOf, layerOf, writeLayout } from './support/images/layout.ts';
import { tarOf } from './support/images/tar.ts';
import { openSandbox } from './support/sandbox.ts';

const IDENTITY = { subject: 'https://ci.test/team/release', issuer: 'https://issuer.test' };
const LOGIN = { username: 'tester', password: 'a password' };
const box = openSandbox();
let registry: EmptyRegistry;

beforeAll(async () => {
  const passwords = join(box.files, 'htpasswd');
  const hash = await Bun.password.hash(LOGIN.password, { algorithm: 'bcrypt', cost: 4 });
  writeFileSync(passwords, `${LOGIN.username}:${hash.replace(/^\$2b\$/, '$2y$')}\n`);
  registry = await startEmptyRegistry({ auth: { htpasswd: { realm: 'tests', path: passwords } } });
});
afterAll(() => registry.stop());

/** An OpenID provider's word; who certifies here looks at nothing but the claims. */
function token(): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return [part({ alg: 'none' }), part({ sub: IDENTITY.subject, iss: IDENTITY.issuer, aud: 'sigstore' }), 'none'].join('.');
}

test('an attached bundle is found with the login, and counts for its identity and its kind', async () => {
  const authority = await openAuthority();
  const service = authority.serve();
  const image = imageOf({ layers: [layerOf(tarOf([{ path: 'f', content: 'signed by sigstore' }]))] });
  const { digest } = image.manifest;
  const name = `${registry.address}/team/app`;
  writeLayout(join(box.files, 'layout'), image);
  writeFileSync(join(box.files, 'root.json'), JSON.stringify(authority.trustedRoot));
  mkdirSync(join(box.files, 'login'));
  const env = { DOCKER_CONFIG: join(box.files, 'login') };
  await box.ok(['login', '-u', LOGIN.username, '--password-stdin', registry.address], { stdin: LOGIN.password, env });
  await box.ok(['image', 'copy', `oci:${join(box.files, 'layout')}:latest`, `docker://${name}:1`], { env });
  try {
    for (const predicateType of ['https://slsa.dev/provenance/v1', SIGN_PREDICATE]) {
      const signer = new FulcioSigner({ fulcioBaseURL: service.url, identityProvider: { getToken: async () => token() } });
      const witnesses = [new RekorWitness({ rekorBaseURL: service.url, entryType: 'dsse' })];
      const statement = {
        _type: 'https://in-toto.io/Statement/v1',
        subject: [{ name, digest: { sha256: digest.replace('sha256:', '') } }],
        predicateType,
        predicate: {},
      };
      const builder = new DSSEBundleBuilder({ signer, witnesses });
      const bundle = await builder.create({ data: Buffer.from(JSON.stringify(statement)), type: 'application/vnd.in-toto+json' });
      const verify = ['image', 'verify', '--trusted-root', join(box.files, 'root.json'), '--predicate-type', predicateType];
      const by = ['--certificate-identity', IDENTITY.subject, '--certificate-oidc-issuer', IDENTITY.issuer];
      const before = await box.skiff([...verify, ...by, '--remote', `${name}:1`], { env });
      expect(before.code).toBe(1);
      expect(before.stderr).toContain(`Refused "${name}:1": it is not signed`);
      await attachArtifactToImage({
        imageName: name,
        imageDigest: digest,
        credentials: LOGIN,
        artifact: Buffer.from(JSON.stringify(bundleToJSON(bundle))),
        mediaType: bundle.mediaType,
        annotations: { 'dev.sigstore.bundle.content': 'dsse-envelope', 'dev.sigstore.bundle.predicateType': predicateType },
      });
      expect(await box.ok([...verify, ...by, '--remote', '--format', '{{.Identity}} {{.SignedDigest}}', `${name}:1`], { env })).toBe(
        `${IDENTITY.subject} ${digest}`,
      );
    }
  } finally {
    service.stop();
  }
  writeFileSync(join(box.files, 'policy.json'), JSON.stringify({ default: { ...IDENTITY, trustedRoot: 'root.json' } }));
  const policy = { SKIFF_POLICY: join(box.files, 'policy.json') };
  expect(await box.ok(['pull', '-q', `${name}:1`], { env: { ...env, ...policy } })).toBe(`${name}:1`);
});
