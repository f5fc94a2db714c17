// How an image came to be (SLSA provenance 0.2 or 1), in the shape that BuildKit's has. `mode=min` leaves out the values of build arguments, labels and the
// Dockerfile, which `mode=max` has. Secrets are told by their ids alone. What is not known is not said to be complete.
import { formatPlatform, hostPlatform } from '../../../oci/platform.ts';
import type { Platform } from '../../../storage/records.ts';
import { randomHex } from '../../../sys/random.ts';
import type { BuildJob, BuildOptions, BuildSite, BuildSource } from '../model.ts';
import { notedSources } from '../noted-sources.ts';
import type { Statement } from './statements.ts';

/** The scheme that says what the fields of the parameters mean, which is the one thing that this names. */
const BUILD_TYPE = 'https://mobyproject.org/buildkit@v1';
const METADATA = `${BUILD_TYPE}#metadata`;

/** What of the build's site it tells. */
export interface ProvenanceSite extends Pick<BuildSite, 'tell' | 'context'> {
  ctx: Pick<BuildSite['ctx'], 'now'>;
  options: Pick<BuildOptions, 'buildArgs' | 'labels' | 'target' | 'noCache' | 'secrets' | 'ssh'>;
}

export interface ProvenanceFacts {
  platform: Platform;
  /** The attributes of `--provenance`. */
  asked: Record<string, string>;
  dockerfile: BuildJob['dockerfile'];
}

export function provenanceOf(site: ProvenanceSite, facts: ProvenanceFacts): Statement {
  return facts.asked.version === 'v1' ? provenance1(site, facts) : provenance02(site, facts);
}

function provenance02(site: ProvenanceSite, { platform, asked, dockerfile }: ProvenanceFacts): Statement {
  const sources = notedSources(site, { platform, build: hostPlatform() });
  const isMax = asked.mode === 'max';
  return {
    predicateType: 'https://slsa.dev/provenance/v0.2',
    predicate: {
      builder: { id: asked['builder-id'] ?? '' },
      buildType: BUILD_TYPE,
      materials: sources.map(materialOf),
      invocation: {
        configSource: { entryPoint: dockerfile.name },
        parameters: parametersOf(site, isMax),
        environment: { platform: formatPlatform(hostPlatform()) },
      },
      metadata: {
        buildInvocationID: asked['inv-id'] ?? randomHex(16),
        buildStartedOn: startedOn(),
        buildFinishedOn: site.ctx.now().toISOString(),
        completeness: { parameters: isMax, environment: true, materials: false },
        reproducible: asked.reproducible === 'true',
        [METADATA]: isMax ? { source: sourceOf(dockerfile) } : {},
      },
    },
  };
}

function provenance1(site: ProvenanceSite, { platform, asked, dockerfile }: ProvenanceFacts): Statement {
  const sources = notedSources(site, { platform, build: hostPlatform() });
  const isMax = asked.mode === 'max';
  return {
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: { configSource: { path: dockerfile.name }, request: parametersOf(site, isMax) },
        internalParameters: { builderPlatform: formatPlatform(hostPlatform()) },
        resolvedDependencies: sources.map(materialOf),
      },
      runDetails: {
        builder: { id: asked['builder-id'] ?? '' },
        metadata: {
          invocationId: asked['inv-id'] ?? randomHex(16),
          startedOn: startedOn(),
          finishedOn: site.ctx.now().toISOString(),
          buildkit_completeness: { request: isMax, resolvedDependencies: false },
          buildkit_metadata: isMax ? { source: sourceOf(dockerfile) } : {},
        },
      },
    },
  };
}

function parametersOf({ options, context }: ProvenanceSite, isMax: boolean): object {
  const { buildArgs, labels, target, noCache, secrets, ssh } = options;
  const args: Record<string, string> = {
    ...(target === undefined ? {} : { target }),
    ...(noCache ? { 'no-cache': '' } : {}),
    ...(isMax ? prefixed('build-arg:', buildArgs) : {}),
    ...(isMax ? prefixed('label:', labels) : {}),
  };
  const locals = context.folder === undefined ? ['dockerfile'] : ['context', 'dockerfile'];
  const ids = (of: object) => Object.keys(of).map((id) => ({ id }));
  return {
    frontend: 'dockerfile.v0',
    ...(Object.keys(args).length > 0 ? { args } : {}),
    locals: locals.map((name) => ({ name })),
    ...(Object.keys(secrets).length > 0 ? { secrets: ids(secrets) } : {}),
    ...(Object.keys(ssh).length > 0 ? { ssh: ids(ssh) } : {}),
  };
}

const prefixed = (start: string, values: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [start + name, value]));

const sourceOf = ({ name, text }: BuildJob['dockerfile']) => ({
  infos: [{ filename: name, language: 'Dockerfile', data: Buffer.from(text).toString('base64') }],
});

function materialOf({ kind, name, digest, platform }: BuildSource): { uri: string; digest: Record<string, string> } {
  const [algorithm = '', hex = ''] = digest.split(':');
  return { uri: kind === 'image' ? packageUrl(name, platform) : name, digest: { [algorithm]: hex } };
}

function packageUrl(name: string, platform: Platform | undefined): string {
  const asked = platform ? `?platform=${encodeURIComponent(formatPlatform(platform))}` : '';
  return `pkg:docker/${name.replace(/@sha256:.*$/, '').replace(/:([^:/]+)$/, '@$1')}${asked}`;
}

const startedOn = (): string => new Date(performance.timeOrigin).toISOString();
