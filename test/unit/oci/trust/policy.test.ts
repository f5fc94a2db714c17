// Policy files, ours and podman's: which rule holds for which image, and what is said of a file that cannot be used.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseReference } from '../../../../src/oci/reference.ts';
import { beginPolicy } from '../../../../src/oci/trust/enforce.ts';
import { readPolicy } from '../../../../src/oci/trust/policy.ts';
import { policyPlace } from '../../../../src/oci/trust/policy-place.ts';
import { EngineError } from '../../../../src/sys/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'policy-'));
const path = join(folder, 'policy.json');
afterAll(() => rmSync(folder, { recursive: true }));

function policyOf(value: unknown) {
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  return readPolicy(path, { HOME: '/home/u' });
}
const ruling = (value: unknown, image: string) => policyOf(value).rulingFor(parseReference(image));
const kinds = (value: unknown, image: string) => ruling(value, image).requirements.map(({ kind }) => kind);

function messageFor(value: unknown): string {
  try {
    policyOf(value);
  } catch (error) {
    if (error instanceof EngineError && error.code === 'ERR_POLICY_FILE') return error.message.replace(path, 'FILE');
    throw error;
  }
  throw new Error('The policy was taken');
}

describe('our own file', () => {
  test('the most specific rule holds', () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const images = {
      'docker.io/library': 'accept',
      'docker.io/library/alpine': 'reject',
      'docker.io/library/alpine:3': 'accept',
      [`docker.io/library/alpine@${digest}`]: 'accept',
      'quay.io': { key: 'quay.pub' },
      '*.example.com': 'accept',
      'localhost:5000': 'accept',
    };
    const of = (image: string) => kinds({ default: 'reject', images }, image)[0];
    expect(of('debian')).toBe('accept');
    expect(of('alpine')).toBe('reject');
    expect(of('alpine:3')).toBe('accept');
    expect(of(`alpine@${digest}`)).toBe('accept');
    expect(of(`alpine@sha256:${'b'.repeat(64)}`)).toBe('reject');
    expect(of('somebody/alpine')).toBe('reject');
    expect(of('quay.io/a/b')).toBe('signed');
    expect(of('a.b.example.com/x')).toBe('accept');
    expect(of('a.example.com:5000/x')).toBe('accept');
    expect(of('example.com/x')).toBe('reject');
    expect(of('localhost:5000/x')).toBe('accept');
    expect(of('localhost:5001/x')).toBe('reject');
    expect(of('quay.io.evil.example/x')).toBe('reject');
  });

  test('an official image is known by its short path, too', () => {
    const images = { 'docker.io/alpine': 'reject', 'docker.io/debian:12': 'reject', 'docker.io/library/alpine:3': 'accept' };
    const of = (image: string) => kinds({ default: 'accept', images }, image)[0];
    expect(of('alpine')).toBe('reject');
    expect(of('alpine/git')).toBe('reject');
    expect(of('alpine:3')).toBe('accept');
    expect(of('debian:12')).toBe('reject');
    expect(of('debian')).toBe('accept');
  });

  test('keys lie beside the file, in the home folder, or in the file itself', () => {
    const pem = '-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n';
    const [requirement] = ruling({ default: { key: ['team.pub', '~/k.pub', '/etc/k.pub', pem] } }, 'a').requirements;
    expect(requirement).toMatchObject({
      by: {
        kind: 'keys',
        keys: [
          { path: join(folder, 'team.pub') },
          { path: '/home/u/k.pub' },
          { path: '/etc/k.pub' },
          { text: pem, name: 'the key in the policy' },
        ],
      },
      isLogged: false,
      trust: { kind: 'tuf' },
      name: { kind: 'same' },
      predicateType: 'https://sigstore.dev/cosign/sign/v1',
    });
  });

  test('identities, whole or by a pattern, with a trusted root of the rule or of the file', () => {
    const rules = [
      { issuer: 'https://a.test', subject: 'me@a.test', trustedRoot: 'own.json' },
      { issuerPattern: 'https://(a|b)\\.test', subjectPattern: '.*@a\\.test' },
    ];
    const { requirements, mode } = ruling({ default: rules, trustedRoot: 'root.json' }, 'a');
    expect(mode).toBe('any');
    expect(requirements).toMatchObject([
      { trust: { kind: 'file', root: { path: join(folder, 'own.json') } }, isLogged: true },
      { trust: { kind: 'file', root: { path: join(folder, 'root.json') } }, isLogged: true },
    ]);
    const tests = requirements.map((one) =>
      one.kind === 'signed' && one.by.kind === 'identity'
        ? ['me@a.test', 'meXa.test', 'x me@a.test', 'you@a.test'].map(
            (name) => one.by.kind === 'identity' && one.by.subject.pattern.test(name),
          )
        : [],
    );
    expect(tests).toEqual([
      [true, false, false, false],
      [true, false, true, true],
    ]);
  });

  test('signedAs stands for what the rule is for', () => {
    const of = (scope: string) =>
      ruling({ default: 'reject', images: { [scope]: { key: 'k', signedAs: 'quay.io/x' } } }, 'r.test:5000/a/b:1').requirements[0];
    expect(of('r.test:5000')).toMatchObject({ name: { kind: 'moved', prefix: 'r.test:5000', to: 'quay.io/x' } });
    expect(of('r.test:5000/a/b:1')).toMatchObject({ name: { kind: 'moved', prefix: 'r.test:5000/a/b', to: 'quay.io/x' } });
    expect(ruling({ default: { key: 'k', signedAs: 'any' } }, 'a').requirements).toMatchObject([{ name: { kind: 'any' } }]);
  });

  test('mistakes are told in one sentence', () => {
    const rules = '"accept", "reject", {"key": FILE}, {"issuer": URL, "subject": NAME} or a list of such objects';
    expect(messageFor('{')).toBe('Cannot use the policy "FILE": it is not JSON');
    expect(messageFor([])).toBe('Cannot use the policy "FILE": it is not of the form {"default": RULE, "images": {NAME: RULE, …}}');
    expect(messageFor({ default: 'accept', image: {} })).toBe(
      'Cannot use the policy "FILE": it is not of the form {"default": RULE, "images": {NAME: RULE, …}}',
    );
    expect(messageFor({})).toBe(`Cannot use the policy "FILE": its "default" is missing or no rule: ${rules}`);
    expect(messageFor({ default: 'accept', images: { 'a.test': 'allow' } })).toBe(
      `Cannot use the policy "FILE": what stands at "a.test" is no rule: ${rules}`,
    );
    for (const rule of [
      { key: 'k', issuer: 'i', subject: 's' },
      { issuer: 'i' },
      { key: [] },
      [],
      { key: 'k', subject: '' },
      { issuer: '', subject: 's' },
    ]) {
      expect(messageFor({ default: 'accept', images: { 'a.test': rule } })).toContain('what stands at "a.test" is no rule');
    }
    expect(messageFor({ default: 'accept', images: { alpine: 'reject' } })).toBe(
      'Cannot use the policy "FILE": "alpine" names no registry: write it in full, such as docker.io/library/alpine',
    );
    for (const name of ['https://a.test/x', 'a.test/x/', 'a.test/X', 'a.test/', '*.a.test/x', '*.', 'index.docker.io/x']) {
      expect(messageFor({ default: 'accept', images: { [name]: 'reject' } })).toBe(
        `Cannot use the policy "FILE": "${name}" is no image's name and no part of one`,
      );
    }
    expect(messageFor({ default: { issuer: 'i', subjectPattern: 'a)(b' } })).toBe(
      'Cannot use the policy "FILE": "a)(b" is no regular expression',
    );
    expect(messageFor({ default: { key: 'k', signedAs: 'quay.io/x' } })).toBe(
      'Cannot use the policy "FILE": "signedAs" is of use only for a registry or a part of one, not at "default"',
    );
  });
});

describe('podman’s file', () => {
  const accept = [{ type: 'insecureAcceptAnything' }];

  test('its default, its transport and its scopes hold', () => {
    const value = {
      default: [{ type: 'reject' }],
      transports: {
        docker: { '': accept, 'bad.test': [{ type: 'reject' }], 'gpg.test': [{ type: 'signedBy', keyType: 'GPGKeys', keyPath: '/k' }] },
        'docker-archive': { '': accept },
      },
    };
    expect(kinds(value, 'alpine')).toEqual(['accept']);
    expect(kinds(value, 'bad.test/x')).toEqual(['reject']);
    expect(ruling(value, 'gpg.test/x')).toEqual({
      place: `"gpg.test" of ${path}`,
      mode: 'all',
      requirements: [{ kind: 'unusable', why: 'it asks for "signedBy", and GPG signatures are not checked here' }],
    });
    expect(kinds({ default: [{ type: 'reject' }] }, 'alpine')).toEqual(['reject']);
  });

  test('sigstoreSigned with a key, its log and its identities', () => {
    const of = (more: object) => ruling({ default: [{ type: 'sigstoreSigned', ...more }] }, 'a.test/x').requirements[0];
    expect(of({ keyPath: '/k.pub', rekorPublicKeyPath: '/r.pub' })).toMatchObject({
      by: { kind: 'keys', keys: [{ path: '/k.pub' }] },
      trust: { kind: 'log-keys', keys: [{ path: '/r.pub' }] },
      isLogged: true,
      name: { kind: 'digest-or-exact' },
    });
    expect(of({ keyData: Buffer.from('PEM').toString('base64'), signedIdentity: { type: 'matchRepository' } })).toMatchObject({
      by: { keys: [{ text: 'PEM', name: `the key in ${path}` }] },
      isLogged: false,
      name: { kind: 'repository' },
    });
    const fulcio = { caPath: '/ca', oidcIssuer: 'i', subjectEmail: 's' };
    expect(of({ fulcio })).toEqual({ kind: 'unusable', why: 'it asks for "fulcio", which is not checked here' });
    expect(of({})).toEqual({ kind: 'unusable', why: 'its "sigstoreSigned" names no key' });
  });

  test('mistakes are told with their place', () => {
    expect(messageFor({ default: [{ type: 'nonsense' }] })).toBe(
      'Cannot use the policy "FILE": it is no policy as containers-policy.json(5) describes it, at "default.0.type"',
    );
    expect(messageFor({ transports: {} })).toContain('at "default"');
  });
});

describe('which file holds', () => {
  const home = join(folder, 'home');
  const own = join(home, 'skiff/policy.json');
  const podman = join(home, 'containers/policy.json');
  const env = { XDG_CONFIG_HOME: home };

  test('the one that is named, ours, the user’s of podman', () => {
    for (const file of [own, podman]) {
      mkdirSync(join(file, '..'), { recursive: true });
      writeFileSync(file, '{}');
    }
    expect(policyPlace({ ...env, SKIFF_POLICY: '/nowhere/policy.json' })).toBe('/nowhere/policy.json');
    expect(policyPlace(env)).toBe(own);
    rmSync(own);
    expect(policyPlace(env)).toBe(podman);
  });

  test('one that cannot be read stops the pull', async () => {
    const reference = parseReference('alpine');
    const open = () => {
      throw new Error('asked');
    };
    await expect(beginPolicy({ SKIFF_POLICY: join(folder, 'none.json') }, reference, open)).rejects.toMatchObject({
      code: 'ERR_POLICY_FILE',
      message: `Cannot use the policy "${join(folder, 'none.json')}": there is no such file`,
    });
    mkdirSync(join(folder, 'a-folder'));
    await expect(beginPolicy({ SKIFF_POLICY: join(folder, 'a-folder') }, reference, open)).rejects.toMatchObject({
      message: expect.stringMatching(/: it cannot be read \(EISDIR\)$/),
    });
  });

  test('accept asks for nothing, reject ends it', async () => {
    const open = () => {
      throw new Error('asked');
    };
    policyOf({ default: 'accept', images: { 'docker.io/library/bad': 'reject' } });
    expect(await beginPolicy({ SKIFF_POLICY: path }, parseReference('alpine'), open)).toBeUndefined();
    await expect(beginPolicy({ SKIFF_POLICY: path }, parseReference('bad'), open)).rejects.toMatchObject({
      code: 'ERR_REJECTED',
      message: 'Refused "docker.io/library/bad:latest": the policy rejects it',
      hint: `That is what "docker.io/library/bad" of ${path} says`,
    });
  });
});
