import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostServers, serversIn } from '../../../../../src/runtime/network/resolver/servers.ts';

const folder = mkdtempSync(join(tmpdir(), 'servers-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('servers in their order, once each; what is no address is skipped', () => {
  const text = [
    '# nameserver 192.0.2.99',
    'nameserver 192.0.2.1 # the router',
    '  nameserver\t2001:db8::53',
    'nameserver fe80::1%eth0',
    'nameserver nonsense',
    'nameserver 1.2.3',
    'nameserver',
    'nameserver 192.0.2.1',
    'search example.org',
    'nameserver 127.0.0.53;stub',
  ].join('\n');
  expect(serversIn(text)).toEqual(['192.0.2.1', '2001:db8::53', 'fe80::1%eth0', '127.0.0.53']);
});

test('a changed file is read again, written in place, replaced, gone and back', () => {
  const path = join(folder, 'resolv.conf');
  writeFileSync(path, 'nameserver 192.0.2.1\n');
  const servers = hostServers(path);
  expect(servers()).toEqual(['192.0.2.1']);
  writeFileSync(path, 'nameserver 192.0.2.2\n');
  expect(servers()).toEqual(['192.0.2.2']);
  writeFileSync(`${path}.new`, 'nameserver 192.0.2.3\n');
  renameSync(`${path}.new`, path);
  expect(servers()).toEqual(['192.0.2.3']);
  rmSync(path);
  expect(servers()).toEqual(['8.8.8.8', '8.8.4.4']);
  writeFileSync(path, 'nameserver broken\n');
  expect(servers()).toEqual(['8.8.8.8', '8.8.4.4']);
  writeFileSync(path, 'nameserver 192.0.2.4\n');
  utimesSync(path, 0, 0);
  expect(servers()).toEqual(['192.0.2.4']);
});
