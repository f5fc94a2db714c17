import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecret, findSecret, linkSecretData, listSecrets, readSecretData, removeSecret } from '../../../src/storage/secret.ts';

let folder: string;
let seconds = 0;
const ctx = () => ({ paths: { data: join(folder, 'data'), run: join(folder, 'run') }, now: () => new Date(++seconds * 1000) });
const make = (name: string, text: string, replace = false) => createSecret(ctx(), { name, data: Buffer.from(text), replace }).record;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skiff-secret-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('is found by name, id and the beginning of its id', () => {
  const { ID } = make('one', 'text');
  make('two', 'other');
  for (const wanted of ['one', ID, ID.slice(0, 20)]) expect(findSecret(ctx(), wanted).ID).toBe(ID);
  expect(readSecretData(ctx(), ID).toString()).toBe('text');
  expect(() => findSecret(ctx(), '')).toThrow('No such secret');
});

test('of two with one name, which a replacement cut short leaves, the newer counts until one is made', () => {
  const old = make('same', 'old');
  cpSync(join(folder, 'data/secrets', old.ID), join(folder, 'kept'), { recursive: true });
  const fresh = make('same', 'new', true);
  cpSync(join(folder, 'kept'), join(folder, 'data/secrets', old.ID), { recursive: true });
  expect(listSecrets(ctx()).map(({ ID }) => ID)).toEqual([fresh.ID]);
  const last = make('same', 'last', true);
  expect(readdirSync(join(folder, 'data/secrets'))).toEqual([last.ID]);
});

test('who has a link keeps the bytes', () => {
  const { ID } = make('gone', 'text');
  linkSecretData(ctx(), ID, join(folder, 'link'));
  expect(removeSecret(ctx(), ID)).toBe(true);
  expect(removeSecret(ctx(), ID)).toBe(false);
  expect(readFileSync(join(folder, 'link'), 'utf8')).toBe('text');
  expect(() => linkSecretData(ctx(), ID, join(folder, 'other'))).toThrow('ENOENT');
  expect(readdirSync(join(folder, 'data/tmp'))).toEqual([]);
});

test('a record that cannot be read is no secret', () => {
  const { ID } = make('good', 'text');
  mkdirSync(join(folder, 'data/secrets', 'f'.repeat(25)));
  writeFileSync(join(folder, 'data/secrets', 'f'.repeat(25), 'secret.json'), '{"version":1');
  expect(listSecrets(ctx()).map((record) => record.ID)).toEqual([ID]);
});
