import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSecretSource, readSecrets } from '../../../../../src/engine/build/options/secret.ts';
import { openSshAgents, parseSsh } from '../../../../../src/engine/build/options/ssh.ts';

const folder = mkdtempSync(join(tmpdir(), 'skiff-secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('--secret', () => {
  test.each([
    ['id=a', { id: 'a', from: 'either', name: 'a' }],
    ['id=a,src=f', { id: 'a', from: 'file', name: 'f' }],
    ['id=a,source=f,type=file', { id: 'a', from: 'file', name: 'f' }],
    ['id=a,env=V', { id: 'a', from: 'env', name: 'V' }],
    ['type=env,id=a', { id: 'a', from: 'env', name: 'a' }],
    ['type=env,id=a,src=V', { id: 'a', from: 'env', name: 'V' }],
  ])('%s', (text, source) => expect(parseSecretSource(text)).toEqual(source));

  test.each([
    ['src=f', 'secret missing ID: give it as id=NAME'],
    ['id=a,type=vault', 'unsupported secret type "vault": use file or env'],
    ['id=a,mode=0400', "unexpected key 'mode' in 'mode=0400': use id, src, source, env or type"],
    ['id=a,env=V,src=f', 'a secret comes from src or from env, not from both'],
    ['a', "invalid field 'a' must be a key=value pair"],
    ['id=a,type=file,env=V', 'env has no meaning for a secret of type file: use src'],
  ])('%s is refused', (text, message) => expect(() => parseSecretSource(text)).toThrow(message));

  test('values come from a variable where it is set, else from a file; bytes stay', async () => {
    writeFileSync(join(folder, 'a'), Buffer.from([0, 255, 10]));
    const ctx = { env: { V: 'value' }, warn: () => undefined };
    const read = (...texts: string[]) => readSecrets(ctx, texts.map(parseSecretSource), folder);
    expect(await read('id=a')).toEqual({ a: { value: Buffer.from([0, 255, 10]).toString('base64') } });
    expect(await read('id=x,env=V', 'id=V')).toEqual({ x: { value: btoa('value') }, V: { value: btoa('value') } });
  });

  test('a variable that is not set is an empty secret, with a warning that names it', async () => {
    const warnings: string[] = [];
    const ctx = { env: {}, warn: (message: string) => void warnings.push(message) };
    expect(await readSecrets(ctx, [parseSecretSource('id=x,env=NOPE')], folder)).toEqual({ x: { value: '' } });
    expect(warnings).toEqual(['The variable "NOPE" is not set: the secret "x" is empty']);
  });

  test('a file that is not there, a folder, and one above 500 KB are refused by name', async () => {
    const ctx = { env: {}, warn: () => undefined };
    writeFileSync(join(folder, 'big'), '');
    truncateSync(join(folder, 'big'), 512_001);
    const read = (name: string) => readSecrets(ctx, [parseSecretSource(`id=x,src=${name}`)], folder);
    await expect(read('nope')).rejects.toThrow(`Cannot read the secret "x": "${folder}/nope" does not exist`);
    await expect(read('.')).rejects.toThrow(`Cannot read the secret "x": "${folder}" is a folder`);
    await expect(read('big')).rejects.toThrow('is too big: 512001 bytes, where 500 KB are the most');
  });
});

describe('--ssh', () => {
  test('an id, and where its agent or keys are', () => {
    expect(parseSsh('default')).toEqual({ id: 'default', paths: [] });
    expect(parseSsh('git=/a.sock')).toEqual({ id: 'git', paths: ['/a.sock'] });
    expect(parseSsh('git=k1,k2')).toEqual({ id: 'git', paths: ['k1', 'k2'] });
    expect(() => parseSsh('=x')).toThrow('an id is needed');
    expect(() => parseSsh('a=')).toThrow('"a" names an empty path');
  });

  test('without an agent, and with a path that is none, the id is named', async () => {
    await expect(openSshAgents({ env: {} }, [parseSsh('default')])).rejects.toThrow(
      'Cannot forward ssh agent "default": invalid empty ssh agent socket: SSH_AUTH_SOCK is not set',
    );
    await expect(openSshAgents({ env: {} }, [parseSsh(`git=${folder}/no`)])).rejects.toThrow(
      `Cannot forward ssh agent "git": "${folder}/no" does not exist`,
    );
    await expect(openSshAgents({ env: {} }, [parseSsh(`git=${folder}`)])).rejects.toThrow(`"${folder}" is neither a socket nor a file`);
  });
});
