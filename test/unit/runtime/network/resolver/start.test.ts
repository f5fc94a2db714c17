import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startResolver } from '../../../../../src/runtime/network/resolver/start.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'resolver-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a thread that dies is followed by another, at the same port and with the networks of by then', async () => {
  const log = join(folder, 'log');
  const setups = () => readFileSync(log, 'utf8').trim().split('\n');
  const resolver = await startResolver({
    ctx: { paths: { data: folder, run: folder } },
    ...{ containerId: 'c', netns: log, networks: ['one'], dns: [], hasWayOut: () => true, port: 0 },
    entry: new URL('./dying-thread.ts', import.meta.url).href,
  });
  expect([resolver.port, setups()]).toEqual([5353, ['[0,["one"]]']]);
  resolver.setNetworks(['one', 'two']);
  resolver.setNetworks(['one', 'die']);
  while (setups().length < 2) await Bun.sleep(10);
  expect(setups()[1]).toBe('[5353,["one","die"]]');
  resolver.setNetworks(['die', 'again']);
  while (setups().length < 3) await Bun.sleep(10);
  expect(setups()[2]).toBe('[5353,["die","again"]]');
  resolver.stop();
  await Bun.sleep(500);
  expect(setups()).toHaveLength(3);
});
