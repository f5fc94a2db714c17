import { withOurLine, withoutOurLine } from '../../../../src/engine/boot/crontab.ts';
import type { Ctx } from '../../../../src/sys/context.ts';

const contextOf = (env: Record<string, string>, data = '/home/jo/.local/share/skiff'): Ctx => ({
  paths: { data, run: '/run/user/1000/skiff' },
  env: { HOME: '/home/jo', PATH: '/nowhere', ...env },
  warn: () => {},
  now: () => new Date(0),
});
const ctx = contextOf({});

test.each([
  ['nothing', ''],
  ['lines', '# mine\nPATH=/opt/bin\n5 4 * * * backup\n'],
  ['lines without a last newline', '5 4 * * * backup'],
  ['our marker without its end', '# >>> skiff-restore (skiff system enable-boot) >>>\n@daily x\n'],
])('a crontab of %s comes back byte for byte', (_, crontab) => {
  const once = withOurLine(ctx, crontab);
  expect(once).not.toBe(crontab);
  expect(withoutOurLine(ctx, once)).toBe(crontab);
});

test('the line is not added twice', () => {
  const once = withOurLine(ctx, '5 4 * * * backup\n');
  expect(withOurLine(ctx, once)).toBe(once);
});

test('the line is one @reboot entry before the lines of the user, with quoted values and escaped percent signs', () => {
  const text = withOurLine(contextOf({ SKIFF_STORAGE_DRIVER: "it's 100%", SKIFF_DEBUG: '1' }), 'PATH=/opt/bin\n');
  const lines = text.split('\n');
  expect(lines[1]).toMatch(
    /^@reboot PATH=\/usr\/local\/sbin:[\w/:]+ SKIFF_STORAGE_DRIVER='it'\\''s 100\\%' \S+ .*system restore >\/dev\/null$/,
  );
  expect([lines[0], ...lines.slice(2)]).toEqual([
    '# >>> skiff-restore (skiff system enable-boot) >>>',
    '# <<< skiff-restore <<<',
    'PATH=/opt/bin',
    '',
  ]);
});

test('another store has a line of its own, and neither takes the other away', () => {
  const other = contextOf({ SKIFF_ROOT: '/data/skiff' }, '/data/skiff');
  const both = withOurLine(other, withOurLine(ctx, 'mine\n'));
  expect(both.match(/^@reboot/gm)).toHaveLength(2);
  expect(withoutOurLine(ctx, withoutOurLine(other, both))).toBe('mine\n');
});
