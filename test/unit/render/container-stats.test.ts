import { renderStats, type StatsRowInput } from '../../../src/render/container-stats.ts';

const id = 'abcdef0123456789'.repeat(4);
const web: StatsRowInput = {
  id,
  name: 'web',
  called: id,
  usage: {
    cpuPercent: 12.345,
    memoryBytes: 64 * 2 ** 20,
    memoryLimitBytes: 2 ** 30,
    network: { receivedBytes: 1500, sentBytes: 0 },
    disk: { readBytes: 1_234_567, writtenBytes: 4096 },
    tasks: 3,
  },
};
const down: StatsRowInput = { id: id.replace('a', 'b'), name: 'down', called: 'down' };
const options = { format: undefined, noTrunc: false, stopped: 'zero' } as const;

test('the table has the columns and units of Docker', async () => {
  expect(await renderStats([web, down], options)).toBe(
    [
      'CONTAINER ID   NAME      CPU %     MEM USAGE / LIMIT   MEM %     NET I/O      BLOCK I/O        PIDS',
      'abcdef012345   web       12.35%    64MiB / 1GiB        6.25%     1.5kB / 0B   1.23MB / 4.1kB   3',
      'bbcdef012345   down      0.00%     0B / 0B             0.00%     0B / 0B      0B / 0B          0',
      '',
    ].join('\n'),
  );
});

test('in a stream a container that does not run has dashes', async () => {
  const text = await renderStats([down], { ...options, format: '{{json .}}', stopped: 'dashes' });
  expect(JSON.parse(text)).toEqual({
    BlockIO: '--',
    CPUPerc: '--',
    Container: 'down',
    ID: 'bbcdef012345',
    MemPerc: '--',
    MemUsage: '-- / --',
    Name: 'down',
    NetIO: '--',
    PIDs: '--',
  });
});

test('a format is a table of its own, JSON, or a text for each container', async () => {
  expect(await renderStats([web], { ...options, format: 'table {{.Name}}\\t{{.PIDs}}' })).toBe('NAME      PIDS\nweb       3\n');
  expect(await renderStats([web], { ...options, format: 'json' })).toBe(
    '{"BlockIO":"1.23MB / 4.1kB","CPUPerc":"12.35%","Container":"abcdef012345","ID":"abcdef012345","MemPerc":"6.25%","MemUsage":"64MiB / 1GiB","Name":"web","NetIO":"1.5kB / 0B","PIDs":"3"}\n',
  );
  expect(await renderStats([web], { ...options, noTrunc: true, format: '{{.ID}} {{.Container}}' })).toBe(`${id} ${id}\n`);
  await expect(renderStats([], { ...options, format: '{{.Nothing' })).rejects.toMatchObject({ code: 'ERR_TEMPLATE' });
});
