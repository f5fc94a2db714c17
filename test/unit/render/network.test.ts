import { renderNetworkList, renderNetworks } from '../../../src/render/network.ts';
import type { MemberRecord, NetworkRecord } from '../../../src/storage/network-records.ts';

const record = (more: Partial<NetworkRecord> = {}): NetworkRecord => ({
  version: 1,
  Id: 'ab'.repeat(32),
  Name: 'app',
  Created: '2026-11-21T20:23:11.000Z',
  Driver: 'bridge',
  EnableIPv4: true,
  EnableIPv6: false,
  Internal: false,
  Attachable: false,
  Labels: {},
  Options: {},
  IPAM: { Driver: 'default', Options: null, Config: [{ Subnet: '172.18.0.0/16', Gateway: '172.18.0.1' }] },
  ...more,
});
const member: MemberRecord = {
  version: 1,
  ContainerId: 'c'.repeat(64),
  ContainerName: 'web',
  Hostname: 'web',
  EndpointId: 'e'.repeat(64),
  Interface: 'eth0',
  MacAddress: '02:42:ac:12:00:02',
  IPv4: '172.18.0.2',
  IPv4Prefix: 16,
  IPv6: '',
  IPv6Prefix: 0,
  Gateway: '172.18.0.1',
  Aliases: [],
};
const options = { quiet: false, noTrunc: false, format: undefined, env: { TZ: 'UTC' } };

test('the list has Docker’s columns, or what a template asks for', async () => {
  expect(await renderNetworkList([record()], options)).toBe(
    'NETWORK ID     NAME      DRIVER    SCOPE\nabababababab   app       bridge    local\n',
  );
  const list = (format: string, more: Partial<NetworkRecord> = {}) => renderNetworkList([record(more)], { ...options, format });
  expect(await list('table {{.Name}}\t{{.IPv6}}', { EnableIPv6: true })).toBe('NAME      IPV6\napp       true\n');
  expect(await list('{{.Labels}} {{.Label "b"}} {{.Scope}}', { Labels: { b: '2', a: '' } })).toBe('a=,b=2 2 local\n');
  expect(await list('{{.CreatedAt}}')).toMatch(/^2026-11-2\d \d\d:\d\d:\d\d [+-]\d{4} \S+\n$/);
  expect(await list('{{.CreatedAt}}', { Created: '2026-11-21T20:23:11.460Z' })).toMatch(/^2026-11-2\d \d\d:\d\d:11\.46 [+-]\d{4} \S+\n$/);
  expect(await list('raw')).toBe('network_id: abababababab\nname: app\ndriver: bridge\nscope: local\n\n');
});

test('ids are cut unless the whole ones are wanted', async () => {
  expect(await renderNetworkList([record()], { ...options, quiet: true })).toBe('abababababab\n');
  expect(await renderNetworkList([record()], { ...options, quiet: true, noTrunc: true })).toBe(`${'ab'.repeat(32)}\n`);
});

test('inspect shows who is on it now; a template sees empty fields that the JSON leaves out', async () => {
  const found = [{ record: record(), members: [member] }];
  expect(JSON.parse(await renderNetworks(found))[0].Containers).toEqual({
    [member.ContainerId]: {
      Name: 'web',
      EndpointID: member.EndpointId,
      MacAddress: '02:42:ac:12:00:02',
      IPv4Address: '172.18.0.2/16',
      IPv6Address: '',
    },
  });
  expect(await renderNetworks(found, 'json')).toContain(
    '"IPAM":{"Driver":"default","Options":null,"Config":[{"Subnet":"172.18.0.0/16","Gateway":"172.18.0.1"}]}',
  );
  expect(await renderNetworks(found, '{{range .IPAM.Config}}[{{.IPRange}}{{.AuxAddress}}]{{end}} {{.Id}}')).toBe(
    `[map[]] ${'ab'.repeat(32)}\n`,
  );
});
