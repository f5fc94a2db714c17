import { eventFormatter } from '../../../src/render/event-line.ts';
import type { EngineEvent } from '../../../src/storage/records.ts';

const NANO = 1_767_322_800_123_456_789n;
const CREATED: EngineEvent = {
  Type: 'container',
  Action: 'create',
  Actor: { ID: 'abc', Attributes: { name: 'web', image: 'nginx', a: '<1>' } },
  scope: 'local',
  time: 1_767_322_800,
  timeNano: NANO,
};
const CONNECTED: EngineEvent = { ...CREATED, Type: 'network', Action: 'connect', Actor: { ID: 'n1', Attributes: {} } };

const line = async (format: string | undefined, event = CREATED): Promise<string> => (await eventFormatter(format))(event);

it('writes a line with all nine decimals and sorted attributes', async () => {
  expect(await line(undefined)).toMatch(
    /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.123456789(Z|[+-]\d\d:\d\d) container create abc \(a=<1>, image=nginx, name=web\)\n$/,
  );
});

it('writes no parentheses without attributes', async () => {
  expect(await line('', CONNECTED)).toMatch(/ network connect n1\n$/);
});

it('shows the zone of the user', () => {
  const script = `const { eventFormatter } = await import(${JSON.stringify(require.resolve('../../../src/render/event-line.ts'))});
    const line = await eventFormatter(undefined);
    console.log(line({ Type: 'image', Action: 'tag', Actor: { ID: 'i', Attributes: {} }, scope: 'local', time: 0, timeNano: ${NANO}n }));`;
  const inZone = (TZ: string): string =>
    Bun.spawnSync([process.execPath, '-e', script], { env: { ...process.env, TZ } })
      .stdout.toString()
      .trim();
  expect([inZone('Europe/Berlin'), inZone('UTC'), inZone('America/St_Johns')]).toEqual([
    '2026-01-02T04:00:00.123456789+01:00 image tag i',
    '2026-01-02T03:00:00.123456789Z image tag i',
    '2026-01-01T23:30:00.123456789-03:30 image tag i',
  ]);
});

it('writes JSON in Docker’s order, with every digit of the time', async () => {
  expect(await line('json')).toBe(
    '{"status":"create","id":"abc","from":"nginx","Type":"container","Action":"create","Actor":{"ID":"abc","Attributes":{"a":"<1>",' +
      `"image":"nginx","name":"web"}},"scope":"local","time":1767322800,"timeNano":${NANO}}\n`,
  );
  expect(await line('{{json .}}', CONNECTED)).toBe(
    `{"Type":"network","Action":"connect","Actor":{"ID":"n1","Attributes":{}},"scope":"local","time":1767322800,"timeNano":${NANO}}\n`,
  );
});

it('fills templates', async () => {
  expect(await line('{{.Type}} {{.Action}} {{.Status}} {{.ID}} {{.From}} {{.Scope}} {{.Time}} {{.TimeNano}}')).toBe(
    `container create create abc nginx local 1767322800 ${NANO}\n`,
  );
  expect(await line('{{.Actor.ID}} {{.Actor.Attributes.name}} {{index .Actor.Attributes "none"}}|{{printf "%d" .TimeNano}}')).toBe(
    `abc web |${NANO}\n`,
  );
  expect(await line('[{{.Status}}{{.ID}}{{.From}}]', CONNECTED)).toBe('[]\n');
});

it.each([
  ['{{.Foo}}', 'Error parsing format: template: :1:2: executing "" at <.Foo>: can\'t evaluate field Foo in type *events.Message'],
  ['{{.Foo', 'Error parsing format: template: :1: unclosed action'],
])('refuses %s before the first event', async (format, message) => {
  await expect(eventFormatter(format)).rejects.toMatchObject({ message, exitCode: 64 });
});
