import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFifo } from '../../../src/sys/fd.ts';
import { untilFifoEnds } from '../../../src/sys/fifo-end.ts';

let folder = '';
let path = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fifo-'));
  path = join(folder, 'fifo');
  makeFifo(path);
});

afterEach(() => rmSync(folder, { recursive: true }));

const openBothWays = () => openSync(path, 'r+');

test('where nobody writes, the end is reached at once', async () => {
  await untilFifoEnds(path).reached;
});

test('it is reached when the last writer closes', async () => {
  const writers = [openBothWays(), openBothWays()];
  let isOver = false;
  const { reached } = untilFifoEnds(path);
  void reached.then(() => {
    isOver = true;
  });
  closeSync(writers[0] ?? -1);
  await Bun.sleep(20);
  expect(isOver).toBe(false);
  closeSync(writers[1] ?? -1);
  await reached;
});

test('who gives up is let go', async () => {
  const writer = openBothWays();
  const { reached, cancel } = untilFifoEnds(path);
  cancel();
  await reached;
  closeSync(writer);
});
