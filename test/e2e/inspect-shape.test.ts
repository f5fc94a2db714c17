// `inspect` beside a recorded Docker 28: for the same command lines the same fields, in the same order, of the same types, and null or left
// out where Docker's are. (Docker's client 28.2 reads the recorded text into its own types and writes it back byte for byte.)
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

interface Recorded {
  what: string;
  /** IMAGE and SRV (a folder) stand for this machine's. */
  command: string[] | null;
  inspect: Inspected;
}
type Inspected = Record<string, unknown> & { Mounts: { Destination: string }[] };

const recorded: Recorded[] = JSON.parse(readFileSync(join(__dirname, '../fixtures/docker-28-container-inspect.json'), 'utf8'));
const [plain, stopped, full] = recorded as [Recorded, Recorded, Recorded];

/** `path: type` of every value, in order; of a list's equal elements the first. */
function shapeOf(value: unknown, path = ''): string[] {
  if (value === null) return [`${path}: null`];
  if (Array.isArray(value)) {
    const elements = new Set(value.flatMap((element) => shapeOf(element, `${path}[]`).join('\n')));
    return [`${path}: ${value.length === 0 ? 'empty list' : 'list'}`, ...elements];
  }
  if (typeof value !== 'object') return [`${path}: ${typeof value}`];
  return [`${path}: object`, ...Object.entries(value as object).flatMap(([key, field]) => shapeOf(field, `${path}.${key}`))];
}

/** Docker's own order of mounts is no order; the image's label is the test image's alone. */
const comparable = (inspected: Inspected): string[] =>
  shapeOf({ ...inspected, Mounts: inspected.Mounts.toSorted((a, b) => (a.Destination < b.Destination ? -1 : 1)) }).filter(
    (line) => !line.startsWith('.Config.Labels.test.image'),
  );

const inspected = async (name: string): Promise<Inspected> => JSON.parse(await box.ok(['inspect', name]))[0];

const run = async ({ command }: Recorded): Promise<void> => {
  const files = join(box.files, 'srv');
  mkdirSync(files, { recursive: true });
  await box.ok((command ?? []).map((word) => word.replace('IMAGE', busybox).replace('SRV', files)));
};

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

test('a plain run, and the same stopped', async () => {
  await run(plain);
  expect(comparable(await inspected('plain'))).toEqual(comparable(plain.inspect));
  await box.ok(['stop', '-t', '0', 'plain']);
  expect(comparable(await inspected('plain'))).toEqual(comparable(stopped.inspect));
});

test('a run with many flags', async () => {
  await run(full);
  expect(comparable(await inspected('full'))).toEqual(comparable(full.inspect));
});

test('what was asked for is shown in the very words', async () => {
  const files = join(box.files, 'srv');
  const ours = (await inspected('full')).HostConfig as Record<string, unknown>;
  const theirs = JSON.parse(JSON.stringify(full.inspect.HostConfig).replaceAll('/srv/files', files));
  expect({ ...ours, Runtime: 'runc' }).toEqual(theirs);
  const { Hostname, Domainname, User, Env, Cmd, Entrypoint, ExposedPorts, Healthcheck, WorkingDir, StopSignal, StopTimeout } = full.inspect
    .Config as Record<string, unknown>;
  expect((await inspected('full')).Config).toMatchObject({
    ...{ Hostname, Domainname, User, Env, Cmd, Entrypoint, ExposedPorts, Healthcheck, WorkingDir, StopSignal, StopTimeout },
  });
});

test('of one field the size, only with -s', async () => {
  expect(Object.keys(await inspected('plain'))).not.toContain('SizeRw');
  const [sized] = JSON.parse(await box.ok(['inspect', '-s', 'plain']));
  expect([typeof sized.SizeRw, typeof sized.SizeRootFs]).toEqual(['number', 'number']);
});
