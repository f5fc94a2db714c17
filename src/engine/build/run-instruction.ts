// RUN: from words, flags and heredocs to a step, its key and its line of history. A heredoc alone is a script: its first line may name its
// interpreter, else it is the shell's; one that is part of a command line stays there for the shell.
import { writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { EngineError } from '../../sys/errors.ts';
import { shellWords } from '../dockerfile/apply.ts';
import type { Heredoc, RunInstruction } from '../dockerfile/ast.ts';
import { heredocOf } from '../dockerfile/heredoc.ts';
import { DockerfileProblem } from '../dockerfile/problem.ts';
import { parseRunMount, type RunMountRequest } from '../dockerfile/run-mount.ts';
import { sandboxHostname } from './buildkit-args.ts';
import { shellOf } from './config-instructions.ts';
import { noteStep, runText } from './history.ts';
import { expandWith, shownInstruction } from './instruction-words.ts';
import type { BuildSite, BuiltLayer, MountSource, RunMount, RunNetwork, RunStep } from './model.ts';
import { proxyVariables } from './platform-args.ts';
import { failedRun } from './run-failure.ts';
import { scratchFolder } from './scratch-folder.ts';
import { stopForShell } from './shell-at.ts';
import { filesOf } from './sources.ts';
import type { BuildSpot } from './spot.ts';
import { diffIdsOf, type StageState, workdirOf } from './stage-state.ts';
import { identityOf, inputsOf, stepOf } from './step-inputs.ts';
import { chainKey, keyOf, runKey } from './step-key.ts';
import { doStep } from './steps.ts';

const SCRIPTS = '/dev/pipes';

export async function doRun(spot: BuildSpot, state: StageState, instruction: RunInstruction): Promise<void> {
  const { solving, names, isTrigger } = spot;
  const { site, job } = solving;
  const { args, script, gist } = wordsOf(state, instruction);
  const name = names.next(shownInstruction(instruction.original, state.env) + gist, state, isTrigger);
  const network = networkOf(site, instruction);
  const security = securityOf(site, instruction);
  const { mounts, keys } = await mountsOf(spot, state, instruction);
  await stopForShell(spot, state, { name, mounts });
  const parent = chainKey(diffIdsOf(state));
  const step: RunStep = {
    id: '',
    args,
    env: [...state.env].map(([key, value]) => `${key}=${value}`),
    user: state.config.User ?? '',
    workdir: workdirOf(state),
    hostname: sandboxHostname(job.options),
    layers: diffIdsOf(state),
    platform: state.platform,
    mounts,
    network,
    security,
    devices: instruction.devices,
  };
  const extra = { script: script?.text ?? null, hosts: job.options.addHosts, limits: limitsOf(job.options.limits) };
  const keyWith = (mountKeys: readonly (string | undefined)[]): string => runKey(parent, step, { mountKeys, extra });
  const isKnown = keys.every((key) => key !== undefined);
  const hasFiles = mounts.some(readsFiles);
  const result = await doStep(solving, {
    identity: identityOf(spot, keyWith(keys)),
    name,
    ...stepOf(spot, state),
    key: isKnown ? keyWith(keys.map((key) => key ?? undefined)) : undefined,
    inputs: inputsOf(spot, { parent, instruction: instruction.original, state, mounts: instruction.mounts }),
    ...(hasFiles
      ? {
          plan: async () => {
            const plans = await Promise.all(mounts.map((mount) => contentsOf(site, mount)));
            const files = Object.assign({}, ...plans.map((plan) => plan?.files ?? {})) as Record<string, string>;
            return { key: keyWith(plans.map((plan, index) => plan?.contentKey ?? keys[index])), files };
          },
        }
      : {}),
    work: (id) => run(spot, state, { step: { ...step, id }, script, name }),
  });
  if (result.layer) {
    state.layers.push(result.layer);
    state.keys.push(result.key);
  }
  noteStep(state, runText(args, state), { createdAt: solving.epoch ?? result.createdAt, hasLayer: result.layer !== undefined });
}

interface Work {
  step: RunStep;
  script: Heredoc | undefined;
  name: string;
}

async function run(spot: BuildSpot, state: StageState, { step, script, name }: Work): Promise<BuiltLayer | undefined> {
  const { site, job } = spot.solving;
  const { runStep } = await import('./run-step.ts');
  const actual: RunStep = {
    ...step,
    env: [...step.env, ...proxyVariables(job.options.buildArgs)],
    mounts: script ? [...step.mounts, scriptMount(site, script)] : step.mounts,
  };
  const ran = await runStep(site, actual, (stream, data) => {
    site.tell({ type: 'log', id: step.id, stream, data: Buffer.from(data).toString('base64'), at: Date.now() });
  });
  try {
    if (ran.exitCode === 0) return await ran.commit();
    if (job.options.keepFailed) {
      const { keepShell } = await import('./keep-shell.ts');
      keepShell(spot, state, { name, mounts: actual.mounts, layer: await ran.commit() });
    }
    throw failedRun({ args: step.args, ran, line: spot.span.start.line });
  } finally {
    await ran.discard();
  }
}

interface Words {
  args: string[];
  script?: Heredoc;
  /** What progress says of a heredoc that stands alone. */
  gist: string;
}

/** A script with an interpreter of its own is a file; any other heredoc that stands alone is the shell's text. */
function wordsOf(state: StageState, { command, heredocs }: RunInstruction): Words {
  const [only] = heredocs;
  if (only === undefined || command.form === 'exec') return { args: shellWords(state.config, command), gist: '' };
  const isAlone = heredocs.length === 1 && heredocOf(command.line) !== undefined;
  if (isAlone && only.text.startsWith('#!')) return { args: [posix.join(SCRIPTS, only.name)], script: only, gist: gistOf(only) };
  if (isAlone) return { args: [...shellOf(state), only.text], gist: gistOf(only) };
  const line = [command.line, ...heredocs.map(({ text, name }) => `${text}${name}`)].join('\n');
  return { args: [...shellOf(state), line], gist: '' };
}

function gistOf({ text }: Heredoc): string {
  const [first = '', ...more] = text.trim().split(/\r?\n/);
  return ` (${first}${more.length > 0 ? '...' : ''})`;
}

function scriptMount(site: BuildSite, { name, text }: Heredoc): RunMount {
  const folder = scratchFolder(site);
  writeFileSync(join(folder, name), text, { mode: 0o755 });
  return { type: 'bind', target: SCRIPTS, from: { kind: 'context', context: { folder, ignore: undefined } }, source: '/', readonly: true };
}

function networkOf({ options }: BuildSite, { network }: RunInstruction): RunNetwork {
  const word = network ?? options.network;
  if (word !== 'default' && word !== 'none' && word !== 'host') throw new DockerfileProblem(`invalid network mode: "${word}"`);
  if (network === 'host' && options.network !== 'host') refuseUnless(options.allow, 'network.host');
  return word;
}

function securityOf({ options }: BuildSite, { security = 'sandbox' }: RunInstruction): 'sandbox' | 'insecure' {
  if (security !== 'sandbox' && security !== 'insecure') throw new DockerfileProblem(`security "${security}" is not valid`);
  if (security === 'insecure') refuseUnless(options.allow, 'security.insecure');
  return security;
}

function refuseUnless(allow: readonly string[], entitlement: string): void {
  if (allow.includes(entitlement)) return;
  throw new EngineError('ERR_NOT_ALLOWED', `${entitlement} is not allowed`, { hint: `Allow it for this build: --allow ${entitlement}` });
}

/** Only what was asked for, and what programs see of it. */
const limitsOf = ({ ShmSize, Ulimits = [] }: BuildSite['options']['limits']) => ({
  shm: ShmSize ?? null,
  ulimits: Ulimits.map(({ Name, Soft, Hard }) => [Name, Soft, Hard]),
});

interface Mounts {
  mounts: RunMount[];
  /** Of what each is mounted from; undefined: it has to be read to know. '' where nothing is. */
  keys: (string | undefined)[];
}

async function mountsOf(spot: BuildSpot, state: StageState, instruction: RunInstruction): Promise<Mounts> {
  const { graph } = spot.solving;
  const expand = expandWith(state.env, graph.dockerfile.directives);
  const requests = instruction.mounts.map((text) => parseRunMount(text, expand));
  const read = await Promise.all(requests.map((request) => mountOf(spot, state, request)));
  return { mounts: read.map(({ mount }) => mount), keys: read.map(({ key }) => key) };
}

async function mountOf(
  spot: BuildSpot,
  state: StageState,
  request: RunMountRequest,
): Promise<{ mount: RunMount; key: string | undefined }> {
  const target = request.target === undefined ? undefined : posix.resolve('/', workdirOf(state), request.target);
  if (target === '/') throw new DockerfileProblem(`invalid mount target "${request.target}"`);
  if (request.type !== 'bind' && request.type !== 'cache') return { mount: withTarget(request, target), key: '' };
  const { from, ...rest } = request;
  if (request.type === 'cache' && from === undefined) return { mount: { ...rest, target: target ?? '' } as RunMount, key: '' };
  const { graph } = spot.solving;
  const files = await filesOf(spot.solving, from === undefined ? undefined : graph.source(from));
  return { mount: { ...rest, target: target ?? '', from: files.from } as RunMount, key: files.key };
}

const withTarget = (request: Exclude<RunMountRequest, { type: 'bind' | 'cache' }>, target: string | undefined): RunMount =>
  request.type === 'tmpfs' ? { ...request, target: target ?? '' } : { ...request, target };

const sourceOf = (mount: RunMount): MountSource | undefined => (mount.type === 'bind' || mount.type === 'cache' ? mount.from : undefined);

/** A whole rootfs is known by its layers; to read all of it would take longer than what it might save. */
function readsFiles(mount: RunMount): boolean {
  const from = sourceOf(mount);
  return from !== undefined && (mount.type === 'bind' || mount.type === 'cache') && (from.kind === 'context' || mount.source !== '/');
}

/** The files that a mount shows, by contents. */
async function contentsOf(
  site: BuildSite,
  mount: RunMount,
): Promise<{ contentKey: string; files: Readonly<Record<string, string>> } | undefined> {
  const from = sourceOf(mount);
  if (from === undefined || !readsFiles(mount) || (mount.type !== 'bind' && mount.type !== 'cache')) return undefined;
  const { planCopy } = await import('./copy-step.ts');
  return planCopy(site, {
    id: keyOf('mount', mount.target),
    isAdd: false,
    from,
    fromName: from.kind === 'context' ? 'build context' : 'the mount',
    sources: [mount.source],
    inline: [],
    dest: '/mount',
    workdir: '/',
    link: true,
    parents: false,
    exclude: [],
    keepGitDir: false,
  });
}
