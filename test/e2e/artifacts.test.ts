// OCI 1.1: what refers to an image is listed, and what is not known is kept byte for byte.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleArtifact } from '../support/signing.ts';
import { failure, startFakeRegistry } from './support/fake-registry.ts';
import { digestOf, type Image, imageOf, indexOf, jsonBytes, layerOf } from './support/images/layout.ts';
import { tarOf } from './support/images/tar.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const app = imageOf({ layers: [layerOf(tarOf([{ path: 'f', content: 'x' }]))] });
const referrer = (artifactType: string, letter: string) => ({
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: `sha256:${letter.repeat(64)}`,
  size: 1234,
  artifactType,
  annotations: { 'org.opencontainers.image.created': '2024-01-02T03:04:05Z' },
});
const SBOM = referrer('application/spdx+json', 'a');
const SIGNATURE = referrer('application/vnd.dev.cosign.artifact.sig.v1+json', 'b');
const indexJson = (manifests: object[]) =>
  new Response(jsonBytes({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests }), {
    headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' },
  });

describe('image referrers', () => {
  test('artifacts are listed by the registry’s referrers, page by page', async () => {
    const registry = startFakeRegistry(
      { app },
      {
        answer: ({ path }) => {
          if (path === `/v2/app/referrers/${app.manifest.digest}`) {
            const first = indexJson([SBOM]);
            first.headers.set('link', `</v2/app/referrers/next>; rel="next"`);
            return first;
          }
          return path === '/v2/app/referrers/next' ? indexJson([SIGNATURE]) : undefined;
        },
      },
    );
    const name = `${registry.address}/app`;
    try {
      expect(await box.ok(['image', 'referrers', name])).toBe(
        [
          'ARTIFACT TYPE                                     DIGEST         SIZE      CREATED',
          'application/spdx+json                             aaaaaaaaaaaa   1.23kB    2024-01-02T03:04:05Z',
          'application/vnd.dev.cosign.artifact.sig.v1+json   bbbbbbbbbbbb   1.23kB    2024-01-02T03:04:05Z',
        ].join('\n'),
      );
      expect(await box.ok(['image', 'referrers', '--artifact-type', SBOM.artifactType, '-q', '--no-trunc', name])).toBe(SBOM.digest);
      expect(await box.ok(['image', 'referrers', '--format', '{{.MediaType}}', `${name}@${app.manifest.digest}`])).toBe(
        `${SBOM.mediaType}\n${SIGNATURE.mediaType}`,
      );
    } finally {
      registry.stop();
    }
  });

  test('a registry that knows no referrers is asked for the tag that stands for them', async () => {
    const tag = `/v2/app/manifests/${app.manifest.digest.replace(':', '-')}`;
    const registry = startFakeRegistry({ app, bare: app }, { answer: ({ path }) => (path === tag ? indexJson([SBOM]) : undefined) });
    try {
      expect(await box.ok(['image', 'referrers', '-q', `${registry.address}/app`])).toBe('aaaaaaaaaaaa');
      expect(await box.ok(['image', 'referrers', `${registry.address}/bare`])).toMatch(/^ARTIFACT TYPE +DIGEST +SIZE +CREATED$/);
    } finally {
      registry.stop();
    }
    expect(await box.ok(['image', 'referrers', '-q', image('busybox')])).toBe('');
  });

  test('an answer that is no index, a refusal, and a name that is none', async () => {
    const registry = startFakeRegistry(
      { app, closed: app },
      {
        answer: ({ path }) => {
          if (path.startsWith('/v2/app/referrers/')) return new Response('<html>');
          return path.startsWith('/v2/closed/referrers/') ? failure(403, 'DENIED') : undefined;
        },
      },
    );
    try {
      for (const name of ['app', 'closed', 'absent']) {
        const { stdout, code } = await box.skiff(['image', 'referrers', `${registry.address}/${name}`]);
        expect({ name, stdout, code }).toEqual({ name, stdout: '', code: 1 });
      }
      expect((await box.skiff(['image', 'referrers', 'UPPER'])).stderr).toContain('invalid reference format');
    } finally {
      registry.stop();
    }
  });
});

test('fields and media types that nobody knows yet are kept byte for byte, from the registry to the disk and into a saved folder', async () => {
  const plain = JSON.parse(Buffer.from(app.blobs.get(app.manifest.digest) ?? []).toString());
  const odd = jsonBytes({
    ...plain,
    artifactType: 'application/vnd.example.app',
    subject: { mediaType: plain.mediaType, digest: `sha256:${'c'.repeat(64)}`, size: 7 },
    annotations: { 'com.example/ключ': 'ünï' },
    'x-not-yet-specified': { nested: [1, 2.5, null] },
  });
  const manifest = { ...app.manifest, digest: digestOf(odd), size: odd.length };
  const own: Image = { manifest, blobs: new Map([...app.blobs, [manifest.digest, odd]]) };
  const unknown = { ...SBOM, mediaType: 'application/vnd.example.unknown+cbor', 'x-more': true };
  const listed = indexOf([own, { manifest: unknown as Image['manifest'], blobs: new Map() }]);
  const registry = startFakeRegistry({ listed });
  try {
    await box.ok(['pull', '--quiet', `${registry.address}/listed`]);
    const stored = (digest: string) => readFileSync(join(box.root, 'images/blobs', digest.replace(':', '/')));
    expect(stored(manifest.digest).equals(Buffer.from(odd))).toBe(true);
    expect(stored(listed.manifest.digest).equals(Buffer.from(listed.blobs.get(listed.manifest.digest) ?? []))).toBe(true);
    expect((await box.skiff(['system', 'check'])).code).toBe(0);
    const folder = join(box.files, 'saved');
    await box.ok(['save', '--format', 'oci-dir', '-o', folder, `${registry.address}/listed`]);
    expect(readFileSync(join(folder, 'blobs', manifest.digest.replace(':', '/'))).equals(Buffer.from(odd))).toBe(true);
    await box.ok(['rmi', `${registry.address}/listed`]);
  } finally {
    registry.stop();
  }
});

test('an artifact that is no image is refused by its kind, and nothing of it stays', async () => {
  const registry = startFakeRegistry({ sbom: bundleArtifact({ any: 'document' }, app.manifest) });
  try {
    const { code, stdout, stderr } = await box.skiff(['pull', '--quiet', `${registry.address}/sbom`]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(
      `"${registry.address}/sbom:latest" is no container image: invalid/unsupported config media type "application/vnd.oci.empty.v1+json"`,
    );
    expect(await box.ok(['images', '-aq', `${registry.address}/sbom`])).toBe('');
    expect(await box.skiff(['system', 'check'])).toMatchObject({ code: 0 });
  } finally {
    registry.stop();
  }
});
