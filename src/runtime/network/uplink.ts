// The shared uplink, for a command that starts a container on the default network: finds it, or makes what it needs (the bridge and the rules:
// uplink-setup.ts; its keeper) and leaves word for the supervisor. Ladder: `uplink` → `own`, each container a pasta of its own. Probed once
// for a shared netns, and anew when the programs change. It keeps no container from starting: what goes wrong is the reason for `own`.
import { closeSync, readFileSync } from 'node:fs';
import { takenSubnets } from '../../storage/network.ts';
import { defaultNetwork } from '../../storage/network-default.ts';
import type { NetworkRecord } from '../../storage/network-records.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError, messageOf } from '../../sys/errors.ts';
import { isLocked, type Lock, tryLock } from '../../sys/lock.ts';
import { kill, startTime } from '../../sys/process.ts';
import { SIGKILL } from '../../sys/signals.ts';
import { ensureUserNamespace, enterArgv, type UserNamespace } from '../userns.ts';
import { hostNetwork } from './host.ts';
import { pastaPlans } from './pasta-arguments.ts';
import { loopbackServer, resolvConf } from './resolv-conf.ts';
import { openSharedNetns } from './shared-netns.ts';
import { spawnKeeper } from './uplink-keeper.ts';
import {
  openUsers,
  readUplink,
  UPLINK_INTERFACE,
  type UplinkPlaces,
  type UplinkRecord,
  uplinkPlaces,
  writeUplink,
} from './uplink-record.ts';
import { programsFound, setUpUplink } from './uplink-setup.ts';

/** How long pasta may take to come up, and another command to start it. */
const PATIENCE_MS = 5000;
const PAUSE_MS = 5;
const STEPS: readonly string[] = ['uplink', 'own'];

interface UplinkSite {
  namespace: UserNamespace;
  places: UplinkPlaces;
  network: NetworkRecord;
  bridgeOnly: boolean;
}

/**
 * Sees to it that there is an uplink where there can be one, or with `bridgeOnly` the bridge that it is for. Who calls is a user of it already
 * (`openUsers`), so that it does not end meanwhile. Throws ERR_NETWORK_STEP (125).
 */
export async function ensureUplink(ctx: Ctx, site: Omit<UplinkSite, 'network'>): Promise<void> {
  const forced = forcedStep(ctx);
  if (forced === 'own') return;
  try {
    const record = await settle(ctx, { ...site, network: await defaultNetwork(ctx) });
    if (forced && record?.step !== 'uplink') throw cannotShare(record?.reason ?? 'it did not come up');
  } catch (error) {
    if (forced) throw error instanceof EngineError ? error : cannotShare(messageOf(error));
  }
}

/** What `info` shows. Throws ERR_NETWORK_STEP. */
export async function describeUplink(ctx: Ctx): Promise<{ step: string; reason: string }> {
  if (forcedStep(ctx) === 'own') return { step: 'own', reason: 'asked for' };
  const namespace = await ensureUserNamespace(ctx);
  if (namespace.netns === undefined) return { step: 'own', reason: 'no network namespace can be made for the bridges' };
  const places = uplinkPlaces(ctx, namespace.netns);
  closeSync(openUsers(places));
  await ensureUplink(ctx, { namespace, places, bridgeOnly: true });
  const record = readUplink(places);
  if (!record) return { step: 'own', reason: 'the uplink could not be looked for' };
  if (record.data !== ctx.paths.data) return { step: 'own', reason: `the default network of another store has it: ${record.data}` };
  return record;
}

function forcedStep({ env }: Ctx): string | undefined {
  const forced = env.SKIFF_NETWORK_STEP;
  if (!forced || STEPS.includes(forced)) return forced || undefined;
  throw new EngineError('ERR_NETWORK_STEP', `Unknown network step "${forced}" in SKIFF_NETWORK_STEP`, {
    hint: `Use one of: ${STEPS.join(', ')}`,
    exitCode: 125,
  });
}

const cannotShare = (reason: string): EngineError =>
  new EngineError('ERR_NETWORK_STEP', `Cannot take the network step "uplink" that SKIFF_NETWORK_STEP asks for: ${reason}`, {
    hint: 'Without it each container has a pasta of its own',
    exitCode: 125,
  });

/** The record of an uplink that is up, or of why there is none; undefined when it was waited for in vain. */
async function settle(ctx: Ctx, site: UplinkSite): Promise<UplinkRecord | undefined> {
  const { places, network, bridgeOnly, namespace } = site;
  const subnet = network.IPAM.Config[0]?.Subnet;
  for (const deadline = performance.now() + PATIENCE_MS; ; ) {
    const known = readUplink(places);
    const isHeld = isLocked(places.lock);
    const isOurs = known?.data === ctx.paths.data && known.subnet === subnet;
    if (known?.step === 'own' && isOurs && known.programs === programsFound(ctx)) return known;
    if (known?.isReady && isHeld && (isOurs || known.data !== ctx.paths.data)) return known;
    if (bridgeOnly && known?.step === 'uplink' && isOurs && known.setUpFor === namespace.started) return known;
    if (!isHeld) {
      const lock = tryLock(places.lock);
      if (lock) return await startUnder(ctx, lock, site, known);
    } else if (known?.isReady || performance.now() > deadline) {
      // It is for a subnet that the network had before, or it hangs.
      endKeeper(known);
      if (performance.now() > deadline) return undefined;
    }
    await Bun.sleep(PAUSE_MS);
  }
}

function endKeeper(known: UplinkRecord | undefined): void {
  if (known?.keeper && startTime(known.keeper.pid) === known.keeper.started) kill(known.keeper.pid, SIGKILL);
}

async function startUnder(ctx: Ctx, lock: Lock, site: UplinkSite, known: UplinkRecord | undefined): Promise<UplinkRecord> {
  try {
    return await start(ctx, lock, site, known);
  } finally {
    // The keeper has inherited it.
    lock.release();
  }
}

async function start(ctx: Ctx, lock: Lock, site: UplinkSite, known: UplinkRecord | undefined): Promise<UplinkRecord> {
  const { namespace, places, network, bridgeOnly } = site;
  const host = hostNetwork({ avoid: takenSubnets(ctx) });
  const servers = resolvConfOfHost();
  const { forwardsDns } = resolvConf({
    ...{ host: servers, dns: [], search: [], options: [] },
    ...{ forward: host.subnet.forward, hasIpv6: false },
  });
  const draft: UplinkRecord = {
    ...{ version: 1, step: 'own', reason: '', isReady: false },
    data: ctx.paths.data,
    subnet: network.IPAM.Config[0]?.Subnet ?? '',
    programs: programsFound(ctx),
    ...(forwardsDns ? { forward: host.subnet.forward, forwardsTo: loopbackServer(servers) ?? '' } : {}),
  };
  const end = (record: UplinkRecord): UplinkRecord => {
    writeUplink(places, record);
    return record;
  };
  const isSetUp =
    known?.step === 'uplink' && known.setUpFor === namespace.started && known.subnet === draft.subnet && known.data === draft.data;
  const setUp = isSetUp ? { rules: known.reason } : await setUpUplink(ctx, { namespace, network, before: known?.subnet });
  if ('problem' in setUp) return end({ ...draft, reason: setUp.problem });
  const [plan] = pastaPlans({
    ...{ host, ports: [], ipv6: false, forwardsDns },
    ...{ interfaceName: UPLINK_INTERFACE, netnsPath: '/proc/self/fd/0' },
  });
  const pasta = ['pasta', ...(plan?.arguments ?? [])];
  const shared: UplinkRecord = { ...draft, step: 'uplink', reason: setUp.rules, setUpFor: namespace.started, pasta };
  if (bridgeOnly) return end(shared);
  const netns = openSharedNetns(namespace);
  const { child, isUp } = spawnKeeper(ctx, { enter: enterArgv(namespace), places, pasta, netns, lock: lock.fd });
  closeSync(netns);
  const named: UplinkRecord = { ...shared, keeper: { pid: child.pid, started: startTime(child.pid) ?? '' } };
  // If we die before pasta is up, the next command that waits for it in vain knows whom to end.
  writeUplink(places, named);
  child.unref();
  if (await isUp(PATIENCE_MS)) return end({ ...named, isReady: true });
  return end({ ...draft, reason: `pasta did not come up: ${lastLine(places.log) || 'it said nothing'}` });
}

function resolvConfOfHost(): string {
  try {
    return readFileSync('/etc/resolv.conf', 'utf8');
  } catch {
    return '';
  }
}

function lastLine(path: string): string {
  return readFileSync(path, 'utf8').trim().split('\n').at(-1) ?? '';
}
