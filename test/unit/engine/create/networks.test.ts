import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseNetwork } from '../../../../src/engine/create/network-spec.ts';
import { resolveNetworks } from '../../../../src/engine/create/networks.ts';
import { createNetwork } from '../../../../src/storage/network-create.ts';
import { networkId } from '../../../../src/storage/network-id.ts';
import type { Ctx } from '../../../../src/sys/context.ts';

const root = mkdtempSync(join(tmpdir(), 'skiff-networks-'));
const ctx: Ctx = {
  paths: { data: join(root, 'data'), run: join(root, 'run') },
  env: { HOME: root },
  warn: () => undefined,
  now: () => new Date(0),
};
let ids: Record<string, string>;
beforeAll(async () => {
  const pool = (Subnet: string) => ({ IPAM: { Options: null, Config: [{ Subnet }] } });
  const front = await createNetwork(ctx, { Name: 'front', ...pool('10.5.0.0/24') });
  const back = await createNetwork(ctx, { Name: 'back', Internal: true });
  ids = { front: front.Id, back: back.Id };
});
afterAll(() => rmSync(root, { recursive: true }));

const resolve = (...texts: string[]) => resolveNetworks(ctx, texts.map(parseNetwork));

test('the networks are those asked for, in that order, by their names; the first is the mode', () => {
  const { NetworkMode, Endpoints, isInternal } = resolve(
    ids.back?.slice(0, 12) ?? '',
    'name=front,alias=web,alias=web,ip=10.5.0.9,gw-priority=2',
  );
  expect([NetworkMode, isInternal]).toEqual(['back', false]);
  expect(Object.entries(Endpoints ?? {})).toEqual([
    ['back', { NetworkID: ids.back, Aliases: [] }],
    ['front', { NetworkID: ids.front, Aliases: ['web'], IPAMConfig: { IPv4Address: '10.5.0.9' }, GwPriority: 2 }],
  ]);
  expect(resolve('back').isInternal).toBe(true);
});

test('the networks that are always there leave nothing in the record, but for a hardware address', () => {
  expect(resolve('default')).toEqual({ NetworkMode: 'bridge', isInternal: false });
  expect(resolve('container:web')).toEqual({ NetworkMode: 'container:web', isInternal: false });
  expect(resolve('name=bridge,mac-address=02:00:00:00:00:01')).toEqual({
    NetworkMode: 'bridge',
    isInternal: false,
    Endpoints: { bridge: { NetworkID: networkId('bridge'), Aliases: [], MacAddress: '02:00:00:00:00:01' } },
  });
});

test.each([
  [['gone'], 'network gone not found'],
  [['front', 'gone'], 'network gone not found'],
  [['front', 'host'], 'Conflicting options: cannot attach both user-defined and non-user-defined network-modes'],
  [['bridge', 'front'], 'Conflicting options: cannot attach both user-defined and non-user-defined network-modes'],
  [['host', 'none'], 'Conflicting options: a container cannot be on the networks "host" and "none"'],
  [['bridge', 'default'], 'network "bridge" is specified multiple times'],
  [['front', 'front'], 'network "front" is specified multiple times'],
  [['name=bridge,ip=10.5.0.9'], 'User specified IP address is supported on user defined networks only'],
  [['name=host,link-local-ip=fe80::5'], 'User specified IP address is supported on user defined networks only'],
  [['name=bridge,alias=web'], 'Network-scoped alias is supported only for containers in user defined networks'],
  [['name=none,mac-address=02:00:00:00:00:01'], 'Conflicting options: mac-address and the network mode "none"'],
  [['name=front,ip=10.6.0.1'], 'no configured subnet contains IP address 10.6.0.1'],
  [['name=front,ip6=fd00::1'], 'no configured subnet contains IP address fd00::1'],
  [['name=front,ip=10.5.0.1'], 'Address already in use'],
  [['name=front,driver-opt=colour=red'], 'Unknown driver option "colour"'],
])('%j is refused with exit code 125', (texts, message) => {
  expect(() => resolve(...texts)).toThrow(expect.objectContaining({ message: expect.stringContaining(message), exitCode: 125 }));
});
