// What the shared uplink needs in the shared netns, beside pasta: the default network's bridge, forwarding, and the rules, by the first program that
// can set them. All of it can be said again, and lives as long as the netns.
import { bridgeName } from '../../storage/network.ts';
import type { NetworkRecord } from '../../storage/network-records.ts';
import { childEnv } from '../../sys/child-env.ts';
import { parseCidr } from '../../sys/cidr.ts';
import type { Ctx } from '../../sys/context.ts';
import { findProgram } from '../../sys/programs.ts';
import type { UserNamespace } from '../userns.ts';
import { networkFailure } from './bridge.ts';
import { type IpLine, ipBatch } from './ip-batch.ts';
import { enterSharedNetnsArgv } from './shared-netns.ts';
import { BRIDGE_INDEX, MTU } from './uplink-record.ts';
import { iptablesRules, nftRules, SYSCTLS } from './uplink-rules.ts';

/** Without any of these there is no uplink. */
const NEEDED = ['pasta', 'ip', 'setpriv'];
const RULERS = ['nft', 'iptables-restore'] as const;

/** In the order of trying, which of the programs are here. */
export const programsFound = (ctx: Ctx): string => [...NEEDED, ...RULERS].filter((name) => find(ctx, name)).join(' ');

// A plain user's PATH may lack the folders of administrators' programs.
const find = ({ env }: Ctx, program: string): string | undefined =>
  findProgram(RULERS.some((name) => name === program) ? { ...env, PATH: `${env.PATH ?? ''}:/usr/sbin:/sbin` } : env, program);

export interface SetUpOptions {
  namespace: UserNamespace;
  network: NetworkRecord;
  /** The subnet of the bridge that may be there. */
  before: string | undefined;
}

/** Makes it all, or says in a clause why it cannot be. `rules`: the clause for `info`. */
export async function setUpUplink(
  ctx: Ctx,
  { namespace, network, before }: SetUpOptions,
): Promise<{ rules: string } | { problem: string }> {
  const enter = enterSharedNetnsArgv(namespace);
  if (!enter) return { problem: 'no network namespace can be made for the bridges' };
  const missing = NEEDED.find((name) => !find(ctx, name));
  if (missing) return { problem: `${missing} is not installed` };
  const rulers = RULERS.flatMap((name) => find(ctx, name) ?? []);
  if (rulers.length === 0) return { problem: 'neither nft nor iptables is installed' };
  const site = { enter: [...enter, 'sh', '-c', SYSCTLS, 'sysctls'], env: ctx.env };
  const failure = await ipBatch(bridgeLines(network, before), site);
  if (failure) return { problem: networkFailure(failure, network.Name).message };
  const problems: string[] = [];
  for (const program of rulers) {
    const said = await setRules(ctx, { enter, program, bridge: bridgeName(network) });
    if (said === undefined)
      return { rules: `one pasta for all containers that publish nothing, rules by ${program.endsWith('nft') ? 'nft' : 'iptables'}` };
    problems.push(said);
  }
  return { problem: problems.join('; ') };
}

function bridgeLines(network: NetworkRecord, before: string | undefined): IpLine[] {
  const bridge = bridgeName(network);
  const [{ Subnet, Gateway } = { Subnet: '', Gateway: '' }] = network.IPAM.Config;
  const hex = Gateway.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return [
    // An address of its own: else it would change with the members, and theirs of it would be wrong.
    { words: `link add ${bridge} index ${BRIDGE_INDEX} address 02:42:${hex.join(':')} type bridge`, mayFail: /File exists/ },
    { words: `link set ${bridge} addrgenmode none`, mayFail: 'any' },
    { words: `link set ${bridge} mtu ${MTU}` },
    ...(before === undefined || before === Subnet ? [] : [{ words: `addr flush dev ${bridge}` }]),
    { words: `addr replace ${Gateway}/${parseCidr(Subnet)?.prefix} dev ${bridge}` },
    { words: 'link set lo up' },
    { words: `link set ${bridge} up` },
    // Whether the kernel knows veths, too.
    { words: 'link add probe0 type veth peer name probe1', mayFail: /File exists/ },
    { words: 'link del probe0', mayFail: 'any' },
  ];
}

interface RulesSite {
  enter: readonly string[];
  program: string;
  bridge: string;
}

/** Undefined when they stand, else the program's last words. */
async function setRules(ctx: Ctx, { enter, program, bridge }: RulesSite): Promise<string | undefined> {
  const isNft = program.endsWith('nft');
  const child = Bun.spawn([...enter, program, ...(isNft ? ['-f', '-'] : [])], {
    stdio: [Buffer.from(isNft ? nftRules(bridge) : iptablesRules(bridge)), 'ignore', 'pipe'],
    // The host's own lock file is root's.
    env: { ...childEnv(ctx.env), XTABLES_LOCKFILE: `${ctx.paths.run}/xtables.lock` },
  });
  const said = (await new Response(child.stderr).text()).trim().split('\n').at(0) ?? '';
  return (await child.exited) === 0 ? undefined : `${isNft ? 'nft' : 'iptables'} fails: ${said || 'it said nothing'}`;
}
