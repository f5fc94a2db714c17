import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEventReader, whileRecorded } from '../../../src/storage/event-reader.ts';
import { currentEvents, previousEvents, recordEvent } from '../../../src/storage/events.ts';
import { eventsDir } from '../../../src/storage/layout.ts';
import { tryLock } from '../../../src/sys/lock.ts';
import { testStore } from './tar-fixture.ts';

let store: ReturnType<typeof testStore>;
beforeEach(() => {
  store = testStore();
});
afterEach(() => store.remove());

const record = (id: string, options?: { fullBytes: number }): void =>
  recordEvent(store.ctx, { Type: 'container', Action: 'create', Actor: { ID: id, Attributes: { name: 'a "b"\n' } } }, options);

const idsOf = (events: { Actor: { ID: string } }[]): string[] => events.map(({ Actor }) => Actor.ID);

it('keeps what is recorded, with the time to the nanosecond', () => {
  const before = BigInt(Date.now()) * 1_000_000n;
  record('one');
  const after = BigInt(Date.now() + 1) * 1_000_000n;
  const reader = openEventReader(store.ctx);
  const [event] = reader.read();
  reader.close();
  expect(event).toEqual({
    Type: 'container',
    Action: 'create',
    Actor: { ID: 'one', Attributes: { name: 'a "b"\n' } },
    scope: 'local',
    time: Number((event?.timeNano ?? 0n) / 1_000_000_000n),
    timeNano: event?.timeNano,
  });
  const time = event?.timeNano ?? 0n;
  expect(time >= before && time <= after).toBe(true);
  expect(readFileSync(currentEvents(store.ctx), 'utf8')).toContain(`"timeNano":${time}}\n`);
});

it('gives a reader first all there is, then only what came', () => {
  const reader = openEventReader(store.ctx);
  expect(reader.read()).toEqual([]);
  record('one');
  record('two');
  expect(idsOf(reader.read())).toEqual(['one', 'two']);
  expect(reader.read()).toEqual([]);
  record('three');
  expect(idsOf(reader.read())).toEqual(['three']);
  reader.close();
});

it('gives a reader from now on nothing of the past', () => {
  record('old');
  const reader = openEventReader(store.ctx, { fromNow: true });
  record('new');
  expect(idsOf(reader.read())).toEqual(['new']);
  reader.close();
});

it('passes over lines that are no events, whoever wrote them', () => {
  record('one');
  const lines = ['garbage', '{"timeNano":5}', '{"Type":"container","Action":"die","Actor":{"ID":"x"},"scope":"local","timeNano":6}'];
  appendFileSync(currentEvents(store.ctx), `\n${lines.join('\n')}\n`);
  record('two');
  const reader = openEventReader(store.ctx);
  expect(idsOf(reader.read())).toEqual(['one', 'two']);
  reader.close();
});

it('turns the ring when a file is full, and keeps the file before', () => {
  const fullBytes = 1000;
  for (let count = 0; count < 50; count++) record(String(count), { fullBytes });
  expect(readdirSync(eventsDir(store.ctx)).sort()).toEqual(['current', 'lock', 'previous']);
  expect(statSync(previousEvents(store.ctx)).size).toBeLessThan(fullBytes + 300);
  const reader = openEventReader(store.ctx);
  const kept = idsOf(reader.read()).map(Number);
  reader.close();
  expect(kept.at(-1)).toBe(49);
  expect(kept.length).toBeGreaterThan(4);
  expect(kept).toEqual(kept.map((_, at) => (kept[0] ?? 0) + at));
});

it('is read on across turns, late lines of the file before included', () => {
  const reader = openEventReader(store.ctx);
  record('one');
  expect(idsOf(reader.read())).toEqual(['one']);
  record('two', { fullBytes: 1 });
  record('three');
  // As a writer does that opened the file before the ring turned.
  appendFileSync(
    previousEvents(store.ctx),
    '\n{"Type":"container","Action":"create","Actor":{"ID":"late","Attributes":{}},"scope":"local","timeNano":99}\n',
  );
  expect(idsOf(reader.read()).sort()).toEqual(['late', 'three', 'two']);
  appendFileSync(
    previousEvents(store.ctx),
    '\n{"Type":"container","Action":"create","Actor":{"ID":"later","Attributes":{}},"scope":"local","timeNano":99}\n',
  );
  expect(idsOf(reader.read())).toEqual(['later']);
  reader.close();
});

it('does not wait for who turns the ring', () => {
  mkdirSync(eventsDir(store.ctx), { recursive: true });
  const lock = tryLock(join(eventsDir(store.ctx), 'lock'));
  record('one', { fullBytes: 1 });
  expect(existsSync(previousEvents(store.ctx))).toBe(false);
  lock?.release();
  record('two', { fullBytes: 1 });
  expect(existsSync(previousEvents(store.ctx))).toBe(true);
});

it('passes over a line that was cut off, and keeps the next one whole', () => {
  mkdirSync(eventsDir(store.ctx), { recursive: true });
  writeFileSync(currentEvents(store.ctx), '\n{"Type":"container","Action":"cre');
  record('whole');
  const reader = openEventReader(store.ctx);
  expect(idsOf(reader.read())).toEqual(['whole']);
  reader.close();
});

it('holds back the beginning of a line until its end is there', () => {
  const reader = openEventReader(store.ctx);
  mkdirSync(eventsDir(store.ctx), { recursive: true });
  writeFileSync(currentEvents(store.ctx), '\n{"Type":"container","Action":"create","Act');
  expect(reader.read()).toEqual([]);
  appendFileSync(currentEvents(store.ctx), 'or":{"ID":"one","Attributes":{}},"scope":"local","timeNano":5}\n');
  expect(idsOf(reader.read())).toEqual(['one']);
  reader.close();
});

it('never fails: not on a folder that cannot be written', () => {
  mkdirSync(store.ctx.paths.data, { recursive: true });
  writeFileSync(eventsDir(store.ctx), 'a file in its place');
  expect(() => record('one')).not.toThrow();
});

it('loses, doubles and tears nothing when many processes write while the ring turns', async () => {
  const [writers, each] = [6, 150];
  const module = require.resolve('../../../src/storage/events.ts');
  const script = (writer: number): string => `
    const { recordEvent } = await import(${JSON.stringify(module)});
    for (let n = 0; n < ${each}; n++)
      recordEvent({ paths: ${JSON.stringify(store.ctx.paths)} },
        { Type: 'container', Action: 'create', Actor: { ID: '${writer}-' + n, Attributes: { filler: 'x'.repeat(n % 500) } } }, { fullBytes: 200_000 });`;
  const seen: string[] = [];
  const ended = new AbortController();
  const reader = openEventReader(store.ctx);
  const following = whileRecorded(
    store.ctx,
    () => {
      seen.push(...idsOf(reader.read()));
      return seen.length < writers * each;
    },
    ended.signal,
  );
  const children = Array.from({ length: writers }, (_, writer) =>
    Bun.spawn([process.execPath, '-e', script(writer)], { stderr: 'inherit' }),
  );
  expect(await Promise.all(children.map(({ exited }) => exited))).toEqual(Array(writers).fill(0));
  const late = setTimeout(() => ended.abort(), 20_000);
  await following;
  clearTimeout(late);
  reader.close();
  const wanted = Array.from({ length: writers }, (_, writer) => Array.from({ length: each }, (_, n) => `${writer}-${n}`)).flat();
  expect(existsSync(previousEvents(store.ctx))).toBe(true);
  const again = openEventReader(store.ctx);
  const kept = idsOf(again.read());
  again.close();
  for (const ids of [seen, kept]) expect(ids.toSorted()).toEqual(wanted.toSorted());
}, 60_000);

it('wakes a follower that waits, also where nothing was ever recorded', async () => {
  const reader = openEventReader(store.ctx, { fromNow: true });
  const seen: string[] = [];
  let looks = 0;
  const following = whileRecorded(
    store.ctx,
    () => {
      if (looks++ === 0) setTimeout(() => record('one'), 20);
      seen.push(...idsOf(reader.read()));
      return seen.length === 0;
    },
    new AbortController().signal,
  );
  await following;
  reader.close();
  expect(seen).toEqual(['one']);
});

it('ends a follower that is told to', async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 20);
  await whileRecorded(store.ctx, () => true, stop.signal);
  expect(stop.signal.aborted).toBe(true);
});
