// Policies: what is pulled, by every way there is, only when it is signed as the policy wants it, and what `image verify` says.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Authority, identityBundle, loggedPayload, openAuthority } from '../support/authority.ts';
import { attachment, bundleArtifact, keyBundle, signedPayload, signedStatement, signingKey } from '../support/signing.ts';
import { digestOf, type Image, imageOf, indexOf, layerOf } from './support/images/layout.ts';
import { tarOf } from './support/images/tar.ts';
import { openSandbox } from './support/sandbox.ts';
import { type SignedRegistry, startSignedRegistry } from './support/signed-registry.ts';
import { startTufMirror } from './support/tuf-mirror.ts';

const box = openSandbox();
const key = signingKey();
const stranger = signingKey();
const IDENTITY = { subject: 'https://ci.test/team/release', issuer: 'https://issuer.test' };

let count = 0;
/** An image like no other. */
const newImage = (architecture = 'amd64'): Image =>
  imageOf({ architecture, layers: [layerOf(tarOf([{ path: 'f', content: `image ${++count}` }]))], config: { Cmd: ['/none'] } });

let registry: SignedRegistry;
let authority: Authority;
beforeAll(async () => {
  registry = startSignedRegistry();
  authority = await openAuthority();
  writeFileSync(join(box.files, 'team.pub'), key.publicKey);
  writeFileSync(join(box.files, 'stranger.pub'), stranger.publicKey);
  writeFileSync(join(box.files, 'root.json'), JSON.stringify(authority.trustedRoot));
});
afterAll(() => registry.stop());

/** A policy file and the options that make it hold. */
function policy(value: unknown): { env: { SKIFF_POLICY: string } } {
  const path = join(box.files, `policy-${++count}.json`);
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  return { env: { SKIFF_POLICY: path } };
}
const byTeam = () => policy({ default: { key: 'team.pub' } });
const byIdentity = (more: object = {}) => policy({ default: { ...IDENTITY, trustedRoot: 'root.json', ...more } });

/** Puts an image there, signed by `by` under its own name or `name`. */
function putSigned(repository: string, by = key, image = newImage(), name = `${registry.address}/${repository}`): Image {
  registry.put(repository, image);
  registry.attach(repository, image.manifest.digest, attachment([signedPayload(by, { digest: image.manifest.digest, name })]));
  return image;
}

async function refusal(args: string[], options: { env: Record<string, string> }, code = 1): Promise<string> {
  const result = await box.skiff(args, options);
  expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: expect.any(String) });
  const [message = ''] = result.stderr.split('\n').filter((line) => line.startsWith('skiff: '));
  return message.replace('skiff: ', '');
}

const blobsOf = (): string[] => {
  try {
    return readdirSync(join(box.root, 'images/blobs/sha256'));
  } catch {
    return [];
  }
};

describe('a key', () => {
  test('what it signed is pulled; what is unsigned, or signed by another, leaves nothing', async () => {
    const name = `${registry.address}/signed`;
    putSigned('signed');
    expect(await box.ok(['pull', '-q', name], byTeam())).toBe(`${name}:latest`);
    expect(await box.ok(['images', '-q', name])).not.toBe('');

    const before = blobsOf();
    registry.put('plain', newImage());
    const plain = `${registry.address}/plain`;
    const refused = await box.skiff(['pull', plain], byTeam());
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`Refused "${plain}:latest": it is not signed`);
    expect(refused.stderr).toContain(
      `Wanted is a signature by the key "${join(box.files, 'team.pub')}" ("default" of ${box.files}/policy-`,
    );
    putSigned('foreign', stranger);
    expect(await refusal(['pull', `${registry.address}/foreign`], byTeam())).toBe(
      `Refused "${registry.address}/foreign:latest": its signature does not count: it was made with another key`,
    );
    expect(blobsOf()).toEqual(before);
    expect(await box.ok(['images', '-aq', plain])).toBe('');
    expect(await box.ok(['images', '-aq', `${registry.address}/foreign`])).toBe('');
  });

  test('holds for run, create, --pull always, pull --all-tags and image copy, each with its exit code', async () => {
    registry.put('ways', newImage());
    registry.put('ways', newImage(), '2');
    const name = `${registry.address}/ways`;
    const not = `Refused "${name}:latest": it is not signed`;
    expect(await refusal(['run', '--rm', name], byTeam(), 125)).toBe(not);
    expect(await refusal(['create', name], byTeam(), 125)).toBe(not);
    expect(await refusal(['pull', '--all-tags', name], byTeam())).toBe(not);
    expect(await refusal(['image', 'copy', `docker://${name}`, `oci:${box.files}/out`], byTeam())).toBe(not);
    expect(await refusal(['image', 'copy', `docker://${name}:2`, 'mine'], byTeam())).toContain('it is not signed');
    expect(await box.ok(['images', '-aq', name])).toBe('');
    await box.ok(['pull', '-q', name]);
    expect(await refusal(['create', '--pull', 'always', name], byTeam(), 125)).toBe(not);
    // What is stored is not asked about again.
    const id = await box.ok(['create', name], byTeam());
    await box.ok(['rm', id]);
  });

  test('one image’s signature does not serve another, nor one name’s another name', async () => {
    const signed = putSigned('original');
    const other = newImage();
    registry.put('swapped', other);
    const payload = signedPayload(key, { digest: signed.manifest.digest, name: `${registry.address}/swapped` });
    registry.attach('swapped', other.manifest.digest, attachment([payload]));
    expect(await refusal(['pull', `${registry.address}/swapped`], byTeam())).toContain(
      `it was made for another image, "${signed.manifest.digest}"`,
    );
    putSigned('renamed', key, newImage(), `${registry.address}/original`);
    expect(await refusal(['pull', `${registry.address}/renamed`], byTeam())).toContain(
      `it was made for the name "${registry.address}/original"`,
    );
    const moved = policy({
      default: 'reject',
      images: { [`${registry.address}/renamed`]: { key: 'team.pub', signedAs: `${registry.address}/original` } },
    });
    await box.ok(['pull', '-q', `${registry.address}/renamed`], moved);
  });

  test('a good signature counts beside bad ones; a bad one among several is told by the nearest', async () => {
    const image = newImage();
    const { digest } = image.manifest;
    const name = `${registry.address}/many`;
    registry.put('many', image);
    const bad = { payload: Buffer.from('nonsense'), annotations: {} };
    const wrong = signedPayload(key, { digest, name: 'else.test/x' });
    const good = signedPayload(key, { digest, name: `${name}:latest` });
    registry.attach('many', digest, attachment([bad, signedPayload(stranger, { digest, name }), wrong]));
    expect(await refusal(['pull', name], byTeam())).toBe(
      `Refused "${name}:latest": none of its 3 signatures counts: it was made for the name "else.test/x"`,
    );
    registry.attach('many', digest, attachment([bad, wrong, good]));
    await box.ok(['pull', '-q', name], byTeam());
  });

  test('an index vouches for its members, and a member for itself', async () => {
    const [mine, theirs] = [newImage('amd64'), newImage('arm64')];
    const index = indexOf([mine, theirs]);
    const sign = (repository: string, { digest }: Image['manifest']) =>
      registry.attach(repository, digest, attachment([signedPayload(key, { digest, name: `${registry.address}/${repository}` })]));
    const pull = (repository: string, platform: string) => ['pull', '-q', '--platform', platform, `${registry.address}/${repository}`];
    registry.put('index', index);
    sign('index', index.manifest);
    await box.ok(pull('index', 'linux/amd64'), byTeam());
    await box.ok(pull('index', 'linux/arm64'), byTeam());
    registry.put('member', indexOf([newImage('amd64'), theirs]));
    sign('member', theirs.manifest);
    await box.ok(pull('member', 'linux/arm64'), byTeam());
    expect(await refusal(pull('member', 'linux/amd64'), byTeam())).toContain('it is not signed');
  });

  test('any of several keys will do, and the log is asked for where that is wanted', async () => {
    const image = newImage();
    const { digest } = image.manifest;
    const name = `${registry.address}/logged`;
    registry.put('logged', image);
    registry.attach('logged', digest, attachment([signedPayload(key, { digest, name })]));
    await box.ok(['pull', '-q', name], policy({ default: { key: ['stranger.pub', 'team.pub'] } }));
    const logged = policy({ default: { key: 'team.pub', log: true, trustedRoot: 'root.json' } });
    expect(await refusal(['pull', name], logged)).toContain('its signature does not count: it is not in the transparency log');
    registry.attach('logged', digest, attachment([await loggedPayload(authority, { key, digest, name })]));
    await box.ok(['pull', '-q', name], logged);
  });
});

describe('an identity', () => {
  test('what it signed is pulled, by the referrers and by cosign’s tag', async () => {
    const image = newImage();
    const { digest } = image.manifest;
    const name = `${registry.address}/keyless`;
    registry.put('keyless', image);
    const signer = await authority.certify(IDENTITY);
    registry.refer('keyless', digest, bundleArtifact(await identityBundle(authority, { key: signer, digest }), image.manifest));
    await box.ok(['pull', '-q', name], byIdentity());
    expect(await refusal(['pull', name], byIdentity({ subject: 'https://ci.test/team' }))).toContain(
      `its signature does not count: it was made by "${IDENTITY.subject}" (issuer "${IDENTITY.issuer}")`,
    );
    expect(await refusal(['pull', name], byIdentity({ issuer: 'https://other.test' }))).toContain('it was made by');
    const second = newImage();
    registry.put('keyless-tag', second);
    const signed = { key: signer, digest: second.manifest.digest, name: `${registry.address}/keyless-tag` };
    registry.attach('keyless-tag', second.manifest.digest, attachment([await loggedPayload(authority, signed)]));
    await box.ok(['pull', '-q', `${registry.address}/keyless-tag`], byIdentity());
    expect(await refusal(['pull', `${registry.address}/keyless-tag`], byTeam())).toContain('it was made with another key');
  });

  test('an expired certificate, another authority, a scan’s result, a broken bundle', async () => {
    const late = await openAuthority({ certifies: new Date(Date.now() - 3_600_000) });
    writeFileSync(join(box.files, 'late.json'), JSON.stringify(late.trustedRoot));
    const image = newImage();
    const { digest } = image.manifest;
    const name = `${registry.address}/doubtful`;
    registry.put('doubtful', image);
    const expired = await identityBundle(late, { key: await late.certify(IDENTITY), digest });
    registry.refer('doubtful', digest, bundleArtifact(expired, image.manifest));
    expect(await refusal(['pull', name], byIdentity({ trustedRoot: 'late.json' }))).toContain('certificate is not valid or expired');
    expect(await refusal(['pull', name], byIdentity())).toContain('its certificate does not hold');
    const scanned = newImage();
    registry.put('scanned', scanned);
    const predicateType = 'https://in-toto.io/attestation/vulns';
    const scan = { key: await authority.certify(IDENTITY), digest: scanned.manifest.digest, predicateType };
    registry.refer(
      'scanned',
      scanned.manifest.digest,
      bundleArtifact(await identityBundle(authority, scan), scanned.manifest, predicateType),
    );
    expect(await refusal(['pull', `${registry.address}/scanned`], byIdentity())).toContain('it is not signed');
    await box.ok(['pull', '-q', `${registry.address}/scanned`], byIdentity({ predicateType }));
    const broken = newImage();
    registry.put('broken', broken);
    registry.refer('broken', broken.manifest.digest, bundleArtifact({ mediaType: 'nonsense' }, broken.manifest));
    expect(await refusal(['pull', `${registry.address}/broken`], byIdentity())).toContain('its signature does not count: it is malformed');
  });

  test('without a trusted root in the policy it is fetched; where that fails, one sentence says what to do', async () => {
    putSigned('rootless');
    const { env } = policy({ default: IDENTITY });
    const nowhere = {
      ...env,
      XDG_CACHE_HOME: join(box.files, 'cache'),
      HTTPS_PROXY: 'http://127.0.0.1:9',
      https_proxy: 'http://127.0.0.1:9',
    };
    const result = await box.skiff(['pull', `${registry.address}/rootless`], { env: nowhere });
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/^skiff: Cannot fetch the trusted root of sigstore from tuf-repo-cdn\.sigstore\.dev: /m);
    expect(result.stderr).toContain('name it as "trustedRoot" in the policy');
  });

  test('a trusted root of somebody’s own TUF mirror is fetched, and kept', async () => {
    const tuf = startTufMirror(authority.trustedRoot);
    writeFileSync(join(box.files, 'tuf-root.json'), tuf.root);
    const image = newImage();
    const { digest } = image.manifest;
    const name = `${registry.address}/tuf`;
    registry.put('tuf', image);
    const signer = await authority.certify(IDENTITY);
    registry.refer('tuf', digest, bundleArtifact(await identityBundle(authority, { key: signer, digest }), image.manifest));
    const { env } = policy({ default: IDENTITY, tuf: { mirror: tuf.address, root: 'tuf-root.json' } });
    const cache = join(box.files, 'tuf-cache');
    const options = { env: { ...env, XDG_CACHE_HOME: cache } };
    try {
      await box.ok(['pull', '-q', name], options);
      // A cache that was cut short is begun anew.
      const [folder = ''] = readdirSync(join(cache, 'skiff/sigstore'));
      writeFileSync(join(cache, 'skiff/sigstore', folder, 'root.json'), '{"signed":');
      await box.ok(['image', 'verify', name], options);
    } finally {
      tuf.stop();
    }
    // What is kept will do without the network; where nothing is, there is no way.
    await box.ok(['image', 'verify', name], options);
    rmSync(cache, { recursive: true });
    expect(await refusal(['pull', name], options)).toContain('Cannot fetch the trusted root of sigstore from 127.0.0.1:');
  });
});

describe('the policy file', () => {
  test('what is rejected is not asked for at all', async () => {
    const quiet = startSignedRegistry();
    try {
      quiet.put('app', newImage());
      const { env } = policy({ default: 'accept', images: { [quiet.address]: 'reject' } });
      expect(await refusal(['pull', `${quiet.address}/app`], { env })).toBe(`Refused "${quiet.address}/app:latest": the policy rejects it`);
      expect(quiet.requests).toEqual([]);
      await box.ok(
        ['pull', '-q', `${quiet.address}/app`],
        policy({ default: 'reject', images: { [`${quiet.address}/app:latest`]: 'accept' } }),
      );
    } finally {
      quiet.stop();
    }
  });

  test('one that cannot be used stops every pull', async () => {
    putSigned('stopped');
    const name = `${registry.address}/stopped`;
    const broken = policy('{ "default":');
    expect(await refusal(['pull', name], broken)).toBe(`Cannot use the policy "${broken.env.SKIFF_POLICY}": it is not JSON`);
    const odd = policy({ default: 'perhaps' });
    expect(await refusal(['run', '--rm', name], odd, 125)).toContain('its "default" is missing or no rule');
    expect(await refusal(['pull', name], { env: { SKIFF_POLICY: box.files } })).toBe(
      `Cannot use the policy "${box.files}": it cannot be read (EISDIR)`,
    );
    expect(await refusal(['pull', name], { env: { SKIFF_POLICY: '/nowhere/policy.json' } })).toContain('there is no such file');
    expect(await refusal(['pull', name], policy({ default: { key: 'none.pub' } }))).toBe(
      `Cannot use "${join(box.files, 'none.pub')}": there is no such file`,
    );
    writeFileSync(
      join(box.files, 'cosign.key'),
      '-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nx\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n',
    );
    expect(await refusal(['pull', name], policy({ default: { key: 'cosign.key' } }))).toContain('it is a private key');
    expect(await refusal(['pull', name], policy({ default: { ...IDENTITY, trustedRoot: 'team.pub' } }))).toContain(
      'Cannot use the trusted root',
    );
    expect(await box.ok(['images', '-aq', name])).toBe('');
  });

  test('is found beside registries.json; without it podman’s is kept to', async () => {
    putSigned('found');
    const name = `${registry.address}/found`;
    const config = join(box.files, 'config');
    mkdirSync(join(config, 'skiff'), { recursive: true });
    mkdirSync(join(config, 'containers'), { recursive: true });
    const env = { XDG_CONFIG_HOME: config };
    const docker = { '127.0.0.1': [{ type: 'reject' }], [name]: [{ type: 'signedBy', keyType: 'GPGKeys', keyPath: '/k' }] };
    writeFileSync(join(config, 'containers/policy.json'), JSON.stringify({ default: [{ type: 'reject' }], transports: { docker } }));
    expect(await refusal(['pull', name], { env })).toBe(
      `Refused "${name}:latest": the policy cannot be met, since it asks for "signedBy", and GPG signatures are not checked here`,
    );
    expect(await refusal(['pull', `${registry.address}/other`], { env })).toContain('the policy rejects it');
    writeFileSync(join(config, 'skiff/policy.json'), JSON.stringify({ default: { key: join(box.files, 'team.pub') } }));
    await box.ok(['pull', '-q', name], { env });
    expect(await box.ok(['info', '-f', '{{.ImagePolicy}}'], { env })).toBe(join(config, 'skiff/policy.json'));
    expect(await box.ok(['info'], { env })).toContain(`\n Image Policy: ${join(config, 'skiff/policy.json')}`);
  });

  test('holds when a damaged image is fetched again', async () => {
    const image = putSigned('healed');
    const name = `${registry.address}/healed`;
    await box.ok(['pull', '-q', name], byTeam());
    writeFileSync(join(box.root, 'images/blobs/sha256', image.manifest.digest.slice('sha256:'.length)), 'damaged');
    const refused = await box.skiff(['system', 'check', '--repair'], policy({ default: 'reject' }));
    expect(refused.stdout + refused.stderr).toContain(`Refused "${name}:latest": the policy rejects it`);
    const healed = await box.skiff(['system', 'check', '--repair'], byTeam());
    expect({ code: healed.code, stderr: healed.stderr }).toEqual({ code: 0, stderr: '' });
    expect(await box.ok(['image', 'inspect', '-f', '{{.Id}}', name])).toMatch(/^sha256:/);
  });
});

describe('what a registry serves as signatures', () => {
  test('a list of 10 MB, a list that is none, a huge payload, a false digest: the image is refused in one sentence', async () => {
    const image = newImage();
    const { digest } = image.manifest;
    const name = `${registry.address}/odd`;
    registry.put('odd', image);
    const signed = signedPayload(key, { digest, name });
    registry.attach('odd', digest, attachment([signed], { annotations: { padding: 'x'.repeat(10 << 20) } }));
    expect(await refusal(['pull', name], byTeam())).toMatch(
      /^Refused ".*": its signature does not count: Refused the manifest of .*: it is larger than 4 MiB$/,
    );
    registry.attach('odd', digest, indexOf([newImage()]));
    expect(await refusal(['pull', name], byTeam())).toContain('is no list of signatures');
    registry.attach('odd', digest, attachment([{ ...signed, payload: Buffer.alloc((1 << 20) + 1) }]));
    expect(await refusal(['pull', name], byTeam())).toContain('is larger than 1 MiB');
    const listed = attachment([signed]);
    listed.blobs.set(digestOf(signed.payload), Buffer.from(signed.payload).fill('x'));
    registry.attach('odd', digest, listed);
    expect(await refusal(['pull', name], byTeam())).toContain('has the digest "sha256:');
  });

  test('a registry that fails while it is asked for them fails the pull', async () => {
    const failing = startSignedRegistry({
      answer: ({ path }) =>
        path.endsWith('.sig') ? Response.json({ errors: [{ code: 'DENIED', message: 'not for you' }] }, { status: 403 }) : undefined,
    });
    try {
      failing.put('app', newImage());
      expect(await refusal(['pull', `${failing.address}/app`], byTeam())).toContain('pull access denied');
    } finally {
      failing.stop();
    }
  });

  test('a mirror’s are taken, and where it has none the registry’s', async () => {
    const mirror = startSignedRegistry();
    try {
      const image = newImage();
      const { digest } = image.manifest;
      const name = `${registry.address}/mirrored`;
      const config = join(box.files, 'mirror-config');
      mkdirSync(join(config, 'skiff'), { recursive: true });
      writeFileSync(join(config, 'skiff/registries.json'), JSON.stringify({ mirrors: { [registry.address]: [mirror.address] } }));
      const pull = (by: { env: Record<string, string> }) =>
        box.skiff(['pull', '-q', name], { env: { ...by.env, XDG_CONFIG_HOME: config } });
      mirror.put('mirrored', image);
      registry.put('mirrored', newImage());
      mirror.attach('mirrored', digest, attachment([signedPayload(key, { digest, name })]));
      expect((await pull(byTeam())).code).toBe(0);
      const second = newImage();
      const subject = second.manifest.digest;
      mirror.put('mirrored', second);
      expect((await pull(byTeam())).stderr).toContain('it is not signed');
      registry.refer('mirrored', subject, bundleArtifact(keyBundle(signedStatement(key, { digest: subject })), second.manifest));
      expect((await pull(byTeam())).code).toBe(0);
    } finally {
      mirror.stop();
    }
  });
});

describe('image verify', () => {
  const verify = (...args: string[]) => box.skiff(['image', 'verify', ...args]);

  test('says what was verified, of what a registry has and of what is stored', async () => {
    const image = putSigned('shown');
    const name = `${registry.address}/shown`;
    const pub = join(box.files, 'team.pub');
    const { digest } = image.manifest;
    const der = Buffer.from(key.publicKey.replace(/-----.*-----|\s/g, ''), 'base64');
    const fields = [`  digest    ${digest}`, `  key       ${pub} (${digestOf(der)})`];
    expect(await box.ok(['image', 'verify', '--key', pub, name])).toBe([`${name}:latest: verified`, ...fields].join('\n'));
    await box.ok(['pull', '-q', name]);
    expect(await box.ok(['image', 'verify', '--key', pub, name])).toBe([`${name}:latest: verified (as stored)`, ...fields].join('\n'));
    const id = await box.ok(['images', '-q', name]);
    expect(
      await box.ok(['image', 'verify', '--key', 'stranger.pub', '--key', 'team.pub', '--format', '{{.Reference}} {{.Stored}}', id]),
    ).toBe(`${name}@${digest} true`);
    // The name moves on; what is stored stays what it was.
    registry.put('shown', newImage());
    await box.ok(['image', 'verify', '--key', pub, name]);
    const { code, stdout, stderr } = await verify('--remote', '--key', pub, name);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`Refused "${name}:latest": it is not signed`);
  });

  test('identities, with the time of the log, as JSON', async () => {
    const image = newImage();
    const { digest } = image.manifest;
    const name = `${registry.address}/json`;
    registry.put('json', indexOf([image]));
    const signer = await authority.certify(IDENTITY);
    registry.refer('json', digest, bundleArtifact(await identityBundle(authority, { key: signer, digest }), image.manifest));
    const by = [
      '--certificate-identity',
      IDENTITY.subject,
      '--certificate-oidc-issuer',
      IDENTITY.issuer,
      '--trusted-root',
      join(box.files, 'root.json'),
    ];
    const row = JSON.parse(await box.ok(['image', 'verify', ...by, '--format', 'json', name]));
    expect(row).toEqual({
      Reference: `${name}:latest`,
      Digest: expect.stringMatching(/^sha256:/),
      SignedDigest: digest,
      Key: '',
      KeyID: '',
      Identity: IDENTITY.subject,
      Issuer: IDENTITY.issuer,
      LoggedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      Stored: false,
    });
    expect(row.Digest).not.toBe(digest);
    const like = [
      '--certificate-identity-regexp',
      'https://ci\\.test/team/.*',
      '--certificate-oidc-issuer-regexp',
      'https://issuer\\.(test|dev)',
    ];
    const said = await box.ok(['image', 'verify', ...like, '--trusted-root', join(box.files, 'root.json'), name]);
    expect(said).toContain(`  identity  ${IDENTITY.subject}\n  issuer    ${IDENTITY.issuer}\n  logged    20`);
    const other = await verify(
      '--certificate-identity-regexp',
      'team',
      '--certificate-oidc-issuer-regexp',
      '.*',
      '--trusted-root',
      join(box.files, 'root.json'),
      name,
    );
    expect(other.code).toBe(1);
    expect(other.stderr).toContain('it was made by');
  });

  test('by the policy, or one that is to be tried; of several images each has its answer', async () => {
    putSigned('first');
    registry.put('second', newImage());
    const [first, second] = [`${registry.address}/first`, `${registry.address}/second`];
    const { env } = byTeam();
    const result = await box.skiff(['image', 'verify', '--format', '{{.Reference}}', second, first], { env });
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code: 1, stdout: `${first}:latest\n` });
    expect(result.stderr).toContain(`Refused "${second}:latest": it is not signed`);
    expect((await verify('--policy', env.SKIFF_POLICY, first)).code).toBe(0);
    const accepting = await verify('--policy', policy({ default: 'accept' }).env.SKIFF_POLICY, first);
    expect(accepting.code).toBe(1);
    expect(accepting.stderr).toContain(`Nothing says whose signature "${first}:latest" should have: "default" of `);
    expect((await verify('--policy', policy({ default: 'reject' }).env.SKIFF_POLICY, first)).stderr).toContain('the policy rejects it');
  });

  test('what is mistyped is told before anybody is asked', async () => {
    const name = 'registry.invalid/app';
    const pub = join(box.files, 'team.pub');
    const said = async (...args: string[]) => {
      const { code, stderr } = await verify(...args, name);
      expect(code).toBe(1);
      return stderr.split('\n')[0];
    };
    expect(await said('--key', pub, '--certificate-identity', 'x')).toContain('--key and --certificate-… exclude each other');
    expect(await said('--certificate-identity', 'x')).toContain('--certificate-identity and --certificate-oidc-issuer belong together');
    expect(await said('--certificate-identity', 'x', '--certificate-identity-regexp', 'x', '--certificate-oidc-issuer', 'y')).toContain(
      'exclude each other',
    );
    expect(await said('--certificate-identity-regexp', '(', '--certificate-oidc-issuer', 'y')).toContain('no regular expression');
    expect(await said('--signed-as', 'any')).toContain('but not whose');
    expect(await said('--key', pub, '--key', 'none.pub')).toContain(`Cannot use "${join(box.files, 'none.pub')}": there is no such file`);
    expect((await verify()).code).not.toBe(0);
  });

  test('an image that came from no registry has nowhere to look', async () => {
    const archive = tarOf([{ path: 'f', content: 'imported' }]);
    const id = await box.ok(['import', '-', 'imported:1'], { stdin: archive });
    const { code, stderr } = await verify('--key', join(box.files, 'team.pub'), 'imported:1');
    expect(code).toBe(1);
    expect(stderr).toContain('No registry is known that has "imported:1"');
    await box.ok(['rmi', id]);
  });
});

test('an artifact in cosign’s experimental form is found by the referrers, too', async () => {
  const image = newImage();
  const { digest } = image.manifest;
  const name = `${registry.address}/experimental`;
  registry.put('experimental', image);
  const type = 'application/vnd.dev.cosign.artifact.sig.v1+json';
  registry.refer(
    'experimental',
    digest,
    attachment([signedPayload(key, { digest, name })], { artifactType: type, subject: image.manifest }),
  );
  await box.ok(['pull', '-q', name], byTeam());
});
