// What the rules say is held against the programs that read them; what they do, by test/e2e/uplink.test.ts.
import { iptablesRules, nftRules } from '../../../../src/runtime/network/uplink-rules.ts';

const inNetns = (command: string[], stdin: string) => {
  const { exitCode, stderr } = Bun.spawnSync(['unshare', '--user', '--map-root-user', '--net', ...command], {
    stdin: Buffer.from(stdin),
    env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin`, XTABLES_LOCKFILE: '/dev/null' },
  });
  return { exitCode, said: stderr.toString() };
};
const has = (program: string) => Bun.which(program, { PATH: `${process.env.PATH}:/usr/sbin:/sbin` }) !== null;

(has('nft') ? test : test.skip)('nft takes the rules, and takes them again (needs nft)', () => {
  const twice = [
    'sh',
    '-c',
    'rules=$(cat); echo "$rules" | nft -f - && echo "$rules" | nft -f - && nft list table ip skiff_uplink | grep -c masquerade >&2',
  ];
  expect(inNetns(twice, nftRules('br-0123456789ab'))).toEqual({ exitCode: 0, said: '1\n' });
});

(has('iptables-restore') ? test : test.skip)('iptables-restore takes the rules (needs iptables)', () => {
  expect(inNetns(['iptables-restore', '--test'], iptablesRules('br-0123456789ab'))).toEqual({ exitCode: 0, said: '' });
});

test('only the default network’s bridge leads out, and nothing that comes in is for the netns itself', () => {
  expect(nftRules('br-x')).toContain('iifname "br-x" oifname "uplink0" accept');
  expect(nftRules('br-x')).toContain('iifname "uplink0" drop');
  expect(iptablesRules('br-x')).toContain('-A FORWARD -i br-x -o uplink0 -j ACCEPT');
  expect(iptablesRules('br-x')).toContain('-A INPUT -i uplink0 -j DROP');
});
