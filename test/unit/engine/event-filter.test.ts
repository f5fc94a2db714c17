import { eventFilter } from '../../../src/engine/event-filter.ts';
import type { EngineEvent } from '../../../src/storage/records.ts';

const event = (Type: EngineEvent['Type'], Action: string, ID: string, Attributes: Record<string, string>): EngineEvent => ({
  Type,
  Action,
  Actor: { ID, Attributes },
  scope: 'local',
  time: 1,
  timeNano: 1_000_000_000n,
});

const DIE = event('container', 'die', 'abc123', { image: 'nginx:1', name: 'web', exitCode: '1', tier: 'front' });
const EXEC = event('container', 'exec_create: sh -c ls', 'def456', { image: 'localhost:5000/db:2', name: 'db' });
const HEALTH = event('container', 'health_status: healthy', 'abc123', { image: 'nginx:1', name: 'web' });
const PULL = event('image', 'pull', 'nginx:1', { name: 'nginx' });
const MOUNT = event('volume', 'mount', 'data', { driver: 'local', container: 'abc123' });
const CONNECT = event('network', 'connect', 'fff', { name: 'bridge', container: 'abc123' });
const ALL = { DIE, EXEC, HEALTH, PULL, MOUNT, CONNECT };

const kept = (...filters: string[]): string =>
  Object.entries(ALL)
    .filter(([, candidate]) => eventFilter(filters)(candidate))
    .map(([name]) => name)
    .join(' ');

it.each([
  [[], 'DIE EXEC HEALTH PULL MOUNT CONNECT'],
  [['type=image'], 'PULL'],
  [['type=image', 'type=volume'], 'PULL MOUNT'],
  [['type=container', 'event=die'], 'DIE'],
  [['event=pull', 'event=mount'], 'PULL MOUNT'],
  [['event=exec_create'], 'EXEC'],
  [['event=exec_create: sh -c ls'], 'EXEC'],
  [['event=health_status'], 'HEALTH'],
  [['event=health_status: healthy'], 'HEALTH'],
  [['event=health_status: unhealthy'], ''],
  [['event=exec'], ''],
  [['container=web'], 'DIE HEALTH'],
  [['container=we'], 'DIE HEALTH'],
  [['container=eb'], ''],
  [['container=abc'], 'DIE HEALTH'],
  [['container=web', 'container=db'], 'DIE EXEC HEALTH'],
  [['container=web', 'event=die'], 'DIE'],
  [['image=nginx'], 'DIE HEALTH PULL'],
  [['image=nginx:1'], 'DIE HEALTH PULL'],
  [['image=localhost:5000/db'], 'EXEC'],
  [['image=ngi'], ''],
  [['label=tier'], 'DIE'],
  [['label=tier=front', 'label=exitCode=1'], 'DIE'],
  [['label=tier=front', 'label=exitCode=2'], ''],
  [['volume=data'], 'MOUNT'],
  [['network=bridge'], 'CONNECT'],
  [['scope=local'], 'DIE EXEC HEALTH PULL MOUNT CONNECT'],
  [['scope=swarm'], ''],
  [['daemon=nobody'], ''],
])('%j keeps %s', (filters, expected) => {
  expect(kept(...filters)).toBe(expected);
});

it.each([
  ['nonsense=1', "invalid filter 'nonsense'"],
  ['die', 'Invalid argument "die" for "-f, --filter" flag: bad format of filter (expected name=value)'],
])('refuses %s', (filter, message) => {
  expect(() => eventFilter([filter])).toThrow(message);
});
