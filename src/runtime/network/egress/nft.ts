// nft(8) in a network namespace of ours: one call, one transaction.
import { childEnv } from '../../../sys/child-env.ts';
import { EngineError } from '../../../sys/errors.ts';

export interface NftSite {
  /** A file of the network namespace. */
  netns: string;
  env: Readonly<Record<string, string | undefined>>;
  onSpawn?: ((pid: number) => void) | undefined;
}

// Debian keeps it where a user's PATH does not lead.
const find = (env: NftSite['env']): string | null => Bun.which('nft', { PATH: `${env.PATH ?? ''}:/usr/sbin:/sbin` });

export const hasNft = (env: NftSite['env']): boolean => find(env) !== null;

/** Throws ERR_NO_NFT (125) where there is no nft. */
export function requireNft(env: NftSite['env']): string {
  const program = find(env);
  if (program) return program;
  throw new EngineError('ERR_NO_NFT', 'Cannot find the program "nft" in PATH, which holds a container to its outbound policy (--egress)', {
    hint: 'Install it: sudo apt-get install nftables (dnf, pacman, zypper: the same name)',
    exitCode: 125,
  });
}

/** Runs nft on the text; returns what it prints. Throws ERR_NO_NFT, ERR_EGRESS_RULES (125). */
export async function nft(text: string, { netns, env, onSpawn }: NftSite): Promise<string> {
  const child = Bun.spawn(['nsenter', `--net=${netns}`, requireNft(env), '--numeric', '--file', '-'], {
    env: childEnv(env),
    stdin: Buffer.from(text),
    stdout: 'pipe',
    stderr: 'pipe',
  });
  onSpawn?.(child.pid);
  const [printed, said, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited]);
  if (code === 0) return printed;
  throw new EngineError('ERR_EGRESS_RULES', `Cannot set the outbound policy: nft: ${said.trim().split('\n')[0] || `ended with ${code}`}`, {
    hint: 'The kernel needs nf_tables, nft_ct, nft_reject_inet and nf_conntrack: sudo modprobe -a nf_tables nft_ct nft_reject_inet nf_conntrack',
    exitCode: 125,
  });
}
