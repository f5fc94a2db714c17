import { resolverConf } from '../../../../../src/runtime/network/resolver/conf.ts';

const input = { host: '', address: '127.0.0.11', dns: [], search: [], options: [] };
const lines = (more: Partial<Parameters<typeof resolverConf>[0]>) =>
  resolverConf({ ...input, ...more })
    .split('\n')
    .slice(1);

test("the resolver alone, with the host's search list and options and without its servers", () => {
  const host = 'nameserver 192.0.2.53\nsearch a.example b.example\noptions edns0 trust-ad\n';
  expect(lines({ host })).toEqual(['nameserver 127.0.0.11', 'search a.example b.example', 'options edns0 trust-ad ndots:0', '']);
});

test('what the user gives replaces what the host has; a search of "." is none', () => {
  const host = 'search a.example\noptions edns0\n';
  expect(lines({ host, search: ['b.example'], options: ['timeout:1'] })).toEqual([
    'nameserver 127.0.0.11',
    'search b.example',
    'options timeout:1 ndots:0',
    '',
  ]);
  expect(lines({ host, search: ['.'] })).toEqual(['nameserver 127.0.0.11', 'options edns0 ndots:0', '']);
});

test('ndots stays as the host or the user has it', () => {
  expect(lines({ host: 'options ndots:5\n' })).toEqual(['nameserver 127.0.0.11', 'options ndots:5', '']);
  expect(lines({ options: ['ndots:2'] })).toEqual(['nameserver 127.0.0.11', 'options ndots:2', '']);
});

test('the comment says who answers the rest', () => {
  expect(resolverConf(input).split('\n')[0]).toContain('the servers that the host has at that time');
  expect(resolverConf({ ...input, dns: ['192.0.2.1', '192.0.2.2'] }).split('\n')[0]).toContain('192.0.2.1 192.0.2.2');
});
