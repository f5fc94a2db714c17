// Which run folder commands choose that come from a login session, from cron, or after the session is gone.
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runtimeRoot } from '../../../src/sys/runtime-dir.ts';

let base: string;
let data: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'skiff-run-'));
  data = join(base, 'data');
});
afterEach(() => rmSync(base, { recursive: true }));

function session(name: string, mode = 0o700): string {
  mkdirSync(join(base, name), { mode });
  chmodSync(join(base, name), mode);
  return join(base, name);
}

test("it is below the session's folder", () => {
  const XDG_RUNTIME_DIR = session('one');
  expect(runtimeRoot({ XDG_RUNTIME_DIR }, data)).toBe(join(base, 'one/skiff'));
});

test('the first choice of a boot holds for later commands that would choose another', () => {
  const first = runtimeRoot({ XDG_RUNTIME_DIR: session('one') }, data);
  expect(runtimeRoot({ XDG_RUNTIME_DIR: session('two') }, data)).toBe(first);
  expect(runtimeRoot({}, data)).toBe(first);
});

test('another boot chooses anew', () => {
  runtimeRoot({ XDG_RUNTIME_DIR: session('one') }, data);
  const next = { XDG_RUNTIME_DIR: session('two'), SKIFF_BOOT_ID: '00000000-another-boot' };
  expect(runtimeRoot(next, data)).toBe(join(base, 'two/skiff'));
});

test('a choice whose folder is gone, or open to others, is made anew', () => {
  const one = session('one');
  const first = runtimeRoot({ XDG_RUNTIME_DIR: one }, data);
  rmSync(one, { recursive: true });
  const second = runtimeRoot({ XDG_RUNTIME_DIR: session('two') }, data);
  expect([first, second]).toEqual([join(base, 'one/skiff'), join(base, 'two/skiff')]);
  expect(runtimeRoot({ XDG_RUNTIME_DIR: session('three') }, data)).toBe(second);
  chmodSync(second, 0o777);
  expect(runtimeRoot({ XDG_RUNTIME_DIR: join(base, 'three') }, data)).toBe(join(base, 'three/skiff'));
});

test('SKIFF_RUNROOT overrides the choice and is not kept', () => {
  const SKIFF_RUNROOT = join(base, 'mine');
  expect(runtimeRoot({ SKIFF_RUNROOT }, data)).toBe(SKIFF_RUNROOT);
  expect(runtimeRoot({ XDG_RUNTIME_DIR: session('one') }, data)).toBe(join(base, 'one/skiff'));
});

test('a session folder that others may write to is passed over', () => {
  const XDG_RUNTIME_DIR = session('open', 0o777);
  expect(runtimeRoot({ XDG_RUNTIME_DIR, TMPDIR: base }, data)).not.toBe(join(base, 'open/skiff'));
});

test('a data folder that cannot be written to is no hindrance', () => {
  const XDG_RUNTIME_DIR = session('one');
  expect(runtimeRoot({ XDG_RUNTIME_DIR }, '/proc/nothing/data')).toBe(join(base, 'one/skiff'));
});
