// Whether a signature made for one name counts for another.
import { parseReference } from '../../../../src/oci/reference.ts';
import type { SignedName } from '../../../../src/oci/trust/requirement.ts';
import { isSignedFor } from '../../../../src/oci/trust/signed-name.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const counts = (rule: SignedName, image: string, claimed: string) => isSignedFor(rule, parseReference(image), claimed);

test('same: the repository, and the tag where both have one', () => {
  const same = { kind: 'same' as const };
  expect(counts(same, 'r.test/a:1', 'r.test/a')).toBe(true);
  expect(counts(same, 'r.test/a:1', 'r.test/a:1')).toBe(true);
  expect(counts(same, 'r.test/a:1', 'r.test/a:2')).toBe(false);
  expect(counts(same, `r.test/a@${DIGEST}`, 'r.test/a:2')).toBe(true);
  expect(counts(same, 'r.test/a', 'r.test/a:latest')).toBe(true);
  expect(counts(same, 'r.test/a', 'r.test/ab')).toBe(false);
  expect(counts(same, 'alpine', 'index.docker.io/library/alpine')).toBe(true);
  expect(counts(same, 'r.test/a', '')).toBe(false);
  expect(counts(same, 'r.test/a', '%%%')).toBe(false);
});

test('moved: the name with its beginning replaced', () => {
  const moved = { kind: 'moved' as const, prefix: 'mirror.test/hub', to: 'docker.io/library' };
  expect(counts(moved, 'mirror.test/hub/alpine:3', 'docker.io/library/alpine:3')).toBe(true);
  expect(counts(moved, 'mirror.test/hub/alpine:3', 'mirror.test/hub/alpine')).toBe(false);
  expect(counts(moved, 'mirror.test/hubble/alpine', 'docker.io/librarybble/alpine')).toBe(false);
});

test('the kinds of containers-policy.json', () => {
  expect(counts({ kind: 'digest-or-exact' }, 'r.test/a:1', 'r.test/a:1')).toBe(true);
  expect(counts({ kind: 'digest-or-exact' }, 'r.test/a:1', 'r.test/a')).toBe(false);
  expect(counts({ kind: 'digest-or-exact' }, `r.test/a@${DIGEST}`, 'r.test/a:9')).toBe(true);
  expect(counts({ kind: 'exact' }, 'r.test/a:1', 'r.test/a:1')).toBe(true);
  expect(counts({ kind: 'exact' }, 'r.test/a:1', 'r.test/a')).toBe(false);
  expect(counts({ kind: 'exact' }, `r.test/a@${DIGEST}`, 'r.test/a:1')).toBe(false);
  expect(counts({ kind: 'repository' }, 'r.test/a:1', 'r.test/a:2')).toBe(true);
  expect(counts({ kind: 'exact-repository', name: 'q.test/b' }, 'r.test/a:1', 'q.test/b:7')).toBe(true);
  expect(counts({ kind: 'exact-reference', name: 'q.test/b:7' }, 'r.test/a:1', 'q.test/b:7')).toBe(true);
  expect(counts({ kind: 'exact-reference', name: 'q.test/b:7' }, 'r.test/a:1', 'q.test/b:8')).toBe(false);
  expect(counts({ kind: 'remapped', prefix: 'r.test', to: 'q.test' }, 'r.test/a:1', 'q.test/a:1')).toBe(true);
  expect(counts({ kind: 'remapped', prefix: 'r.test', to: 'q.test' }, 'r.test/a:1', 'q.test/a')).toBe(false);
});
