import { FULL_NAME, REF_NAME } from '../../../src/oci/archive-documents.ts';
import { chooseEntry, dockerEntries, layoutEntries } from '../../../src/oci/archive-entries.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import type { Descriptor } from '../../../src/storage/records.ts';

const options = { name: 'x.tar', platform: { os: 'linux', architecture: 'amd64' }, isPlatformGiven: false };
const entry = (digit: string, more: Partial<Descriptor> = {}): Descriptor => ({
  mediaType: OCI_MANIFEST,
  digest: `sha256:${digit.repeat(64)}`,
  size: 1,
  ...more,
});
const on = (architecture: string): Partial<Descriptor> => ({ platform: { os: 'linux', architecture } });
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const read = (manifests: Descriptor[], more = {}) =>
  layoutEntries(bytes({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }), { ...options, ...more }).map(
    ({ descriptor, names, label }) => [descriptor.digest[7], names, label] as const,
  );

describe('what an index of a layout names', () => {
  it.each([
    ['a full name', { [FULL_NAME]: 'docker.io/library/a:1', [REF_NAME]: '1' }, ['docker.io/library/a:1'], '1'],
    [
      'a full name, and the label of another tag',
      { [FULL_NAME]: 'docker.io/library/a:1', [REF_NAME]: 'new' },
      ['docker.io/library/a:new'],
      'new',
    ],
    ['a label that is a name', { [REF_NAME]: 'my/app:2' }, ['docker.io/my/app:2'], 'my/app:2'],
    ['a label that is a tag', { [REF_NAME]: 'latest' }, [], 'latest'],
    ['nothing', {}, [], undefined],
  ])('%s', (_, annotations, names, label) => {
    expect(read([entry('a', { annotations })])).toEqual([['a', names, label]]);
  });

  it('takes of several platforms of one name the one that fits, and of none without being asked all', () => {
    const annotations = { [REF_NAME]: 'my/app:2' };
    const both = [entry('a', { annotations, ...on('arm64') }), entry('b', { annotations, ...on('amd64') })];
    expect(read(both)).toEqual([['b', ['docker.io/my/app:2'], 'my/app:2']]);
    expect(read([entry('a', on('arm64')), entry('b', on('amd64'))])).toEqual([['b', [], undefined]]);
    expect(read([entry('a', on('arm64')), entry('b', on('s390x'))]).map(([digest]) => digest)).toEqual(['a', 'b']);
    expect(() => read([entry('a', on('arm64')), entry('b', on('s390x'))], { isPlatformGiven: true })).toThrow(
      'no matching manifest for linux/amd64 in the manifest list entries of "x.tar"',
    );
  });

  it('loads one image whatever its platform, and leaves attestations out', () => {
    const attestation = entry('b', { annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } });
    expect(read([entry('a', on('arm64')), attestation])).toEqual([['a', [], undefined]]);
  });

  it('refuses a manifest in the place of an index', () => {
    const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: entry('a'), layers: [] };
    expect(() => layoutEntries(bytes(manifest), options)).toThrow('its index.json is no index');
  });
});

describe('a nested index', () => {
  it('gives the entry of the platform, or the only one where none is named', () => {
    expect(chooseEntry([entry('a', on('arm64')), entry('b', on('amd64'))], options).digest[7]).toBe('b');
    expect(chooseEntry([entry('a')], options).digest[7]).toBe('a');
    expect(() => chooseEntry([entry('a', on('arm64'))], options)).toThrow('no matching manifest for linux/amd64');
    expect(() => chooseEntry([entry('a'), entry('b')], options)).toThrow('no matching manifest for linux/amd64');
  });
});

describe("Docker's manifest.json", () => {
  it('is read with and without names', () => {
    const value = [
      { Config: 'c.json', RepoTags: ['a', 'ghcr.io/b/c:1'], Layers: ['1/layer.tar'] },
      { Config: 'd.json', RepoTags: null },
    ];
    expect(dockerEntries(bytes(value))).toEqual([
      { config: 'c.json', layers: ['1/layer.tar'], names: ['docker.io/library/a:latest', 'ghcr.io/b/c:1'] },
      { config: 'd.json', layers: [], names: [] },
    ]);
  });

  it.each([
    ['{', 'its manifest.json is no JSON'],
    ['{}', 'its manifest.json is not right at ""'],
    ['[{"Config":1}]', 'its manifest.json is not right at "0.Config"'],
    ['[{"Config":"c","Layers":[3]}]', 'its manifest.json is not right at "0.Layers.0"'],
    ['[{"Config":"c","RepoTags":["UP:1"]}]', 'repository name (library/UP) must be lowercase'],
  ])('%s is refused', (text, message) => {
    expect(() => dockerEntries(Buffer.from(text))).toThrow(message);
  });
});
