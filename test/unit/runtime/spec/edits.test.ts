import { withEdits, withHooks } from '../../../../src/runtime/spec/edits.ts';
import type { OciSpec } from '../../../../src/runtime/spec/types.ts';

const mount = (destination: string, source: string) => ({ destination, source, type: 'none', options: ['bind'] });

const spec = {
  process: { env: ['A=1', 'B=2'], user: { uid: 0, gid: 0, umask: 0o022, additionalGids: [5] } },
  mounts: [mount('/dev', 'tmpfs'), mount('/lib/x', 'old')],
} as OciSpec;

test('variables and mounts replace those of the same name and place, groups are added once', () => {
  const edited = withEdits(spec, { env: ['B=3', 'C=4'], mounts: [mount('/lib/x', 'new')], hooks: {}, additionalGids: [5, 6] });
  expect(edited.process.env).toEqual(['A=1', 'B=3', 'C=4']);
  expect(edited.process.user.additionalGids).toEqual([5, 6]);
  expect(edited.mounts).toEqual([mount('/dev', 'tmpfs'), mount('/lib/x', 'new')]);
});

test('hooks of one moment run one after the other', () => {
  const [first, second] = [{ path: '/one' }, { path: '/two' }];
  expect(withHooks({ createRuntime: [first] }, { createRuntime: [second], startContainer: [second] })).toEqual({
    createRuntime: [first, second],
    startContainer: [second],
  });
});
