import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acceptsAll } from '../../../../src/oci/trust/accepts-all.ts';

const folder = mkdtempSync(join(tmpdir(), 'skiff-policy-'));
afterAll(() => rmSync(folder, { recursive: true }));
const accept = [{ type: 'insecureAcceptAnything' }];

test.each<[string, boolean, unknown]>([
  ['what Debian installs', true, { default: accept, transports: { 'docker-daemon': { '': accept } } }],
  ['no transports', true, { default: accept }],
  ['a scope that rejects', false, { default: accept, transports: { docker: { 'docker.io': [{ type: 'reject' }] } } }],
  ['a default that rejects', false, { default: [{ type: 'reject' }], transports: { docker: { '': accept } } }],
  ['a requirement beside it', false, { default: [...accept, { type: 'signedBy' }] }],
  ['a requirement with a field that is not known', false, { default: [{ type: 'insecureAcceptAnything', keyPath: '/key' }] }],
  ['no requirement', false, { default: [] }],
  ['no default', false, { transports: {} }],
  ['a field that is not known', false, { default: accept, images: {} }],
  ['transports of another form', false, { default: accept, transports: [accept] }],
  ['our own form', false, { default: 'accept' }],
  ['null', false, null],
])('%s: %p', (_, expected, policy) => {
  const path = join(folder, 'policy.json');
  writeFileSync(path, JSON.stringify(policy));
  expect(acceptsAll(path)).toBe(expected);
});

test('a file that is not there or not JSON is for others to judge', () => {
  expect(acceptsAll(join(folder, 'none.json'))).toBe(false);
  writeFileSync(join(folder, 'broken.json'), '{');
  expect(acceptsAll(join(folder, 'broken.json'))).toBe(false);
});
