// What an image contains, as an SPDX 2.3 document. It says itself what it covers: the databases of package managers and the packages of npm and Python;
// files that nobody wrote down (a copied binary, a compiled program) are not in it.
import { formatPlatform } from '../../../../oci/platform.ts';
import { digestOf } from '../../../../storage/digest.ts';
import type { BuildSite } from '../../model.ts';
import type { PreparedImage } from '../prepared.ts';
import type { Statement } from '../statements.ts';
import type { FoundPackage } from './package-lists.ts';
import { type Scan, scanRootfs } from './scan.ts';

const NONE = 'NOASSERTION';
const ROOT = 'SPDXRef-Image';
const COVERED =
  'Packages known to dpkg and apk, and the installed packages of npm (node_modules) and Python (dist-info, egg-info). Files that no package manager wrote down are not listed.';
const MS = 1000;

/** Looks through the rootfs of an image. */
export async function sbomOf(
  site: Pick<BuildSite, 'ctx' | 'signal' | 'options'>,
  { platform, layers }: Pick<PreparedImage, 'platform' | 'layers'>,
): Promise<Statement> {
  const diffIds = layers.map(({ diffId }) => diffId);
  const scan = await scanRootfs(site, diffIds);
  const { sourceDateEpoch } = site.options;
  const created = sourceDateEpoch === undefined ? site.ctx.now() : new Date(sourceDateEpoch * MS);
  const identity = digestOf(diffIds.join('\n')).slice('sha256:'.length);
  return {
    predicateType: 'https://spdx.dev/Document',
    predicate: {
      spdxVersion: 'SPDX-2.3',
      dataLicense: 'CC0-1.0',
      SPDXID: 'SPDXRef-DOCUMENT',
      name: `image ${formatPlatform(platform)}`,
      documentNamespace: `urn:skiff:sbom:${identity}:${created.getTime() / MS}`,
      creationInfo: { created: created.toISOString().replace(/\.\d+Z$/, 'Z'), creators: ['Tool: skiff'], comment: commentOf(scan) },
      packages: [rootPackage(platform), ...scan.packages.map((one, index) => spdxPackage(one, { index, system: scan.system }))],
      relationships: [
        { spdxElementId: 'SPDXRef-DOCUMENT', relationshipType: 'DESCRIBES', relatedSpdxElement: ROOT },
        ...scan.packages.map((_, index) => ({ spdxElementId: ROOT, relationshipType: 'CONTAINS', relatedSpdxElement: idOf(index) })),
      ],
    },
  };
}

const commentOf = ({ unread }: Scan): string =>
  unread.length === 0 ? COVERED : `${COVERED} Present and not read: ${unread.join(', ')} (rpm).`;

const idOf = (index: number): string => `SPDXRef-Package-${index + 1}`;

const rootPackage = (platform: PreparedImage['platform']) => ({
  SPDXID: ROOT,
  name: `image ${formatPlatform(platform)}`,
  downloadLocation: NONE,
  filesAnalyzed: false,
  licenseConcluded: NONE,
  licenseDeclared: NONE,
  copyrightText: NONE,
  primaryPackagePurpose: 'CONTAINER',
});

function spdxPackage(found: FoundPackage, { index, system }: { index: number; system: Scan['system'] }): object {
  const { name, version, path, license } = found;
  return {
    SPDXID: idOf(index),
    name,
    versionInfo: version,
    downloadLocation: NONE,
    filesAnalyzed: false,
    licenseConcluded: NONE,
    licenseDeclared: license && /^[A-Za-z0-9.+-]+$/.test(license) ? license : NONE,
    copyrightText: NONE,
    sourceInfo: `found in ${path}`,
    externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purlOf(found, system) }],
  };
}

/** A package URL (purl-spec). */
function purlOf({ kind, name, version, architecture }: FoundPackage, system: Scan['system']): string {
  const encoded = name.split('/').map(encodeURIComponent).join('/');
  if (kind === 'npm') return `pkg:npm/${encoded}@${encodeURIComponent(version)}`;
  if (kind === 'pypi') return `pkg:pypi/${encoded.toLowerCase().replaceAll('_', '-')}@${encodeURIComponent(version)}`;
  const distro = system?.id ?? (kind === 'deb' ? 'debian' : 'alpine');
  const qualifiers = [
    ...(architecture ? [`arch=${encodeURIComponent(architecture)}`] : []),
    ...(system?.version ? [`distro=${encodeURIComponent(`${distro}-${system.version}`)}`] : []),
  ];
  return `pkg:${kind}/${distro}/${encoded}@${encodeURIComponent(version)}${qualifiers.length > 0 ? `?${qualifiers.join('&')}` : ''}`;
}
