import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shellMounts } from '../../../../src/engine/build/shell-mounts.ts';
import { testStore } from '../../storage/tar-fixture.ts';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'skiff-shell-')));
const store = testStore();
const context = join(base, 'context');
mkdirSync(join(context, 'src'), { recursive: true });
mkdirSync(join(base, 'private'));
symlinkSync('../private', join(context, 'out'));
symlinkSync('src', join(context, 'in'));
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
  store.remove();
});

const mountsOf = (source: string, patterns: string[] = []) =>
  shellMounts(store.ctx, [
    {
      type: 'bind',
      target: '/x',
      from: { kind: 'context', context: { folder: context, ignore: { file: '.dockerignore', patterns } } },
      source,
      readonly: true,
    },
  ]);

it.each([
  ['/', context],
  ['src', join(context, 'src')],
  ['in', join(context, 'src')],
  ['../../src', join(context, 'src')],
])('%s is mounted in the shell as the step saw it', (source, path) => {
  expect(mountsOf(source)).toEqual({ mounts: [{ flag: '--mount', value: `type=bind,source=${path},target=/x,readonly` }], left: [] });
});

it.each(['../private', 'out', 'missing'])('%s, which is not in the context, is left out', (source) => {
  expect(mountsOf(source)).toEqual({ mounts: [], left: ['bind /x'] });
});

it('a context of which something is ignored is left out, as nothing would hide that', () => {
  expect(mountsOf('src', ['.env'])).toEqual({ mounts: [], left: ['bind /x'] });
});
