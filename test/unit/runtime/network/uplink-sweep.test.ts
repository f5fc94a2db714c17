import { closeSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openUsers, uplinkPlaces } from '../../../../src/runtime/network/uplink-record.ts';
import { sweepUplinks } from '../../../../src/runtime/network/uplink-sweep.ts';
import { tryLock } from '../../../../src/sys/lock.ts';

let run: string;
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), 'uplinks-'));
});
afterEach(() => rmSync(run, { recursive: true }));

test('folders of namespaces that are no more go; the current one, one with a keeper and one with users stay', () => {
  const ctx = { paths: { data: run, run } };
  const places = (netns: string) => uplinkPlaces(ctx, `net:[${netns}]`);
  for (const netns of ['1', '2', '3']) closeSync(openUsers(places(netns)));
  const users = openUsers(places('4'));
  const keeper = tryLock(places('3').lock);
  mkdirSync(join(run, 'uplink/5'));
  sweepUplinks(ctx, 'net:[2]');
  expect(readdirSync(join(run, 'uplink')).sort()).toEqual(['2', '3', '4']);
  keeper?.release();
  closeSync(users);
  sweepUplinks(ctx, undefined);
  expect(readdirSync(join(run, 'uplink'))).toEqual([]);
});

test('without any folder there is nothing to do', () => {
  expect(() => sweepUplinks({ paths: { data: run, run } }, 'net:[1]')).not.toThrow();
});
