import { canonicalReference, familiarReference, fullReference, parseReference } from '../../../src/oci/reference.ts';

const hex = 'a'.repeat(64);

it.each([
  ['alpine', 'docker.io/library/alpine:latest'],
  ['alpine:3.20', 'docker.io/library/alpine:3.20'],
  ['foo/bar', 'docker.io/foo/bar:latest'],
  ['docker.io/alpine', 'docker.io/library/alpine:latest'],
  ['index.docker.io/foo/bar', 'docker.io/foo/bar:latest'],
  ['localhost/x', 'localhost/x:latest'],
  ['localhost:5000/x', 'localhost:5000/x:latest'],
  ['localhost:5000/x:y', 'localhost:5000/x:y'],
  ['127.0.0.1:5000/a/b', '127.0.0.1:5000/a/b:latest'],
  ['[::1]:5000/x', '[::1]:5000/x:latest'],
  ['ghcr.io/Owner'.toLowerCase(), 'ghcr.io/owner:latest'],
  ['HOST/x', 'HOST/x:latest'],
  ['a__b/c--d/e.f', 'docker.io/a__b/c--d/e.f:latest'],
  [`alpine@sha256:${hex}`, `docker.io/library/alpine@sha256:${hex}`],
  [`alpine:3.20@sha256:${hex}`, `docker.io/library/alpine@sha256:${hex}`],
])('%s is kept as %s', (text, canonical) => {
  expect(canonicalReference(parseReference(text))).toBe(canonical);
});

it('keeps the tag beside a digest for people to read', () => {
  expect(fullReference(parseReference(`alpine:3.20@sha256:${hex}`))).toBe(`docker.io/library/alpine:3.20@sha256:${hex}`);
});

it.each([
  ['UPPER', 'invalid reference format: repository name (library/UPPER) must be lowercase'],
  ['ghcr.io/Foo/bar', 'invalid reference format: repository name (Foo/bar) must be lowercase'],
  ['', 'invalid reference format'],
  [':tag', 'invalid reference format'],
  ['a//b', 'invalid reference format'],
  ['/a', 'invalid reference format'],
  ['a/', 'invalid reference format'],
  ['-leading', 'invalid reference format'],
  ['a..b', 'invalid reference format'],
  ['a:b:c', 'invalid reference format'],
  ['a:', 'invalid reference format'],
  [`a:${'t'.repeat(129)}`, 'invalid reference format'],
  ['a b', 'invalid reference format'],
  ['a\nb', 'invalid reference format'],
  ['../x', 'invalid reference format'],
  ['https://host/x', 'invalid reference format'],
  ['a@sha256:short', 'invalid reference format'],
  [`a@sha256:${'a'.repeat(40)}`, 'invalid checksum digest length'],
  [`a@b@sha256:${hex}`, 'invalid reference format'],
  [hex, `invalid repository name (${hex}), cannot specify 64-byte hexadecimal strings`],
  ['x'.repeat(250), 'repository name must not be more than 255 characters'],
])('%j is refused', (text, message) => {
  expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: 'ERR_BAD_REFERENCE', message }));
});

it.each([
  ['docker.io/library/alpine:latest', 'alpine:latest'],
  ['docker.io/foo/bar:1', 'foo/bar:1'],
  ['docker.io/library/a/b:1', 'library/a/b:1'],
  ['localhost/x:latest', 'localhost/x:latest'],
])('%s is shown as %s', (canonical, familiar) => {
  expect(familiarReference(canonical)).toBe(familiar);
});
