import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memberKnowledge } from '../../../../../src/runtime/network/resolver/members.ts';
import { containerLockPath } from '../../../../../src/storage/layout.ts';
import { memberWatchFolder } from '../../../../../src/storage/network-members.ts';
import { type Lock, tryLock } from '../../../../../src/sys/lock.ts';

const folder = mkdtempSync(join(tmpdir(), 'members-'));
const ctx = { paths: { data: join(folder, 'data'), run: join(folder, 'run') } };
const locks = new Map<string, Lock>();
afterAll(() => {
  for (const lock of locks.values()) lock.release();
  rmSync(folder, { recursive: true });
});

const idOf = (digit: string): string => digit.repeat(64);
const pathOf = (network: string, id: string): string => join(memberWatchFolder(ctx, network), `${id}.json`);

function live(id: string): void {
  const lock = tryLock(containerLockPath(ctx, id));
  if (lock) locks.set(id, lock);
}

function enter(network: string, id: string, ContainerName: string, IPv4: string): void {
  mkdirSync(memberWatchFolder(ctx, network), { recursive: true });
  const member = { version: 1, ContainerId: id, ContainerName, Hostname: '', IPv4, IPv6: '', Aliases: [] };
  writeFileSync(pathOf(network, id), JSON.stringify(member));
}

let joined = ['one'];
const knowledge = memberKnowledge({ ctx, containerId: idOf('0'), networks: () => joined, freshMs: 0 });
const found = (name: string): string[] => {
  const { table, isAlive } = knowledge();
  return table
    .named(name)
    .filter(isAlive)
    .map(({ member }) => member.IPv4);
};

test('a network that nobody has joined yet has no names', () => {
  expect(found('web')).toEqual([]);
});

test('who joins is found at the next question, who leaves is not, however fast that goes', () => {
  live(idOf('a'));
  live(idOf('b'));
  for (let round = 0; round < 50; round++) {
    enter('one', idOf('a'), 'web', '172.18.0.2');
    expect(found('web')).toEqual(['172.18.0.2']);
    rmSync(pathOf('one', idOf('a')));
    expect(found('web')).toEqual([]);
  }
});

test('what has settled is not read again, and is known', () => {
  enter('one', idOf('a'), 'web', '172.18.0.2');
  utimesSync(memberWatchFolder(ctx, 'one'), 1000, 1000);
  expect(found('web')).toEqual(['172.18.0.2']);
  // Under the same mark nothing is looked at: a file that came by without changing the folder's time would be missed.
  writeFileSync(pathOf('one', idOf('b')), 'nonsense');
  utimesSync(memberWatchFolder(ctx, 'one'), 1000, 1000);
  expect(found('web')).toEqual(['172.18.0.2']);
});

test('the killed are not named, though their record stays and nothing else changed', () => {
  expect(found('web')).toEqual(['172.18.0.2']);
  locks.get(idOf('a'))?.release();
  locks.delete(idOf('a'));
  expect(found('web')).toEqual([]);
});

test('networks that are joined later count from then on, those that are left no more', () => {
  live(idOf('c'));
  enter('two', idOf('c'), 'db', '172.19.0.2');
  expect(found('db')).toEqual([]);
  joined = ['one', 'two'];
  expect(found('db')).toEqual(['172.19.0.2']);
  joined = ['one'];
  expect(found('db')).toEqual([]);
});

test('questions that come in a burst share one look', async () => {
  live(idOf('a'));
  enter('one', idOf('a'), 'web', '172.18.0.2');
  const burst = memberKnowledge({ ctx, containerId: idOf('0'), networks: () => joined, freshMs: 40 });
  const has = (): boolean => {
    const { table, isAlive } = burst();
    return table.named('web').filter(isAlive).length > 0;
  };
  expect(has()).toBe(true);
  locks.get(idOf('a'))?.release();
  locks.delete(idOf('a'));
  const began = performance.now();
  while (has()) await Bun.sleep(1);
  expect(performance.now() - began).toBeGreaterThan(10);
});
