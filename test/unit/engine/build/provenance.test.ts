import { type ProvenanceSite, provenanceOf } from '../../../../src/engine/build/export/provenance.ts';
import type { BuildSite } from '../../../../src/engine/build/model.ts';
import { notedSources, noteSource } from '../../../../src/engine/build/noted-sources.ts';

const amd64 = { os: 'linux', architecture: 'amd64' };
const arm64 = { os: 'linux', architecture: 'arm64' };
const site = (): Pick<BuildSite, 'tell'> => ({ tell: () => undefined });

test('a source is told once, by name; images of other targets are left out', () => {
  const here = site();
  noteSource(here, { kind: 'http', name: 'https://z/x', digest: 'sha256:1' });
  noteSource(here, { kind: 'image', name: 'debian', digest: 'sha256:2', platform: amd64 });
  noteSource(here, { kind: 'image', name: 'debian', digest: 'sha256:2', platform: amd64 });
  noteSource(here, { kind: 'image', name: 'debian', digest: 'sha256:2', platform: { os: 'linux', architecture: 's390x' } });
  noteSource(here, { kind: 'image', name: 'tool', digest: 'sha256:3', platform: arm64 });
  expect(notedSources(here, { platform: amd64, build: arm64 }).map(({ name }) => name)).toEqual(['debian', 'https://z/x', 'tool']);
  expect(notedSources(site(), { platform: amd64, build: amd64 })).toEqual([]);
});

test('materials have the digest by its algorithm, images a package URL', () => {
  const here: ProvenanceSite = {
    ...site(),
    ctx: { now: () => new Date(0) },
    context: { ignore: undefined },
    options: { buildArgs: { A: 'value' }, labels: {}, noCache: false, secrets: {}, ssh: {}, target: 'end' },
  };
  noteSource(here, { kind: 'git', name: 'https://h/r.git#main', digest: `sha1:${'a'.repeat(40)}` });
  noteSource(here, { kind: 'image', name: 'reg:5000/x:1', digest: 'sha256:2', platform: amd64 });
  const { predicate } = provenanceOf(here, { platform: amd64, asked: {}, dockerfile: { name: 'Dockerfile', text: 'FROM x' } });
  const { materials, invocation, metadata } = predicate as Record<string, Record<string, unknown>>;
  expect(materials).toEqual([
    { uri: 'https://h/r.git#main', digest: { sha1: 'a'.repeat(40) } },
    { uri: 'pkg:docker/reg:5000/x@1?platform=linux%2Famd64', digest: { sha256: '2' } },
  ]);
  expect(invocation?.parameters).toEqual({ frontend: 'dockerfile.v0', args: { target: 'end' }, locals: [{ name: 'dockerfile' }] });
  expect(metadata?.completeness).toEqual({ parameters: false, environment: true, materials: false });
});
