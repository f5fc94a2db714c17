// A disk that becomes full under running containers, on each storage driver: how they end is still written down, and nothing half done
// takes room. The disk is a small tmpfs that only skiff sees.
import { image, openSandbox } from './support/sandbox.ts';
import { rootOfRange, surrounded } from './support/surrounded.ts';

const box = openSandbox();
const busybox = image('busybox');

const begin = [
  'mkdir -p "$SKIFF_ROOT" && mount -t tmpfs -o size=12m tmpfs "$SKIFF_ROOT" || exit 9; skiff() { "$SKIFF" "$@"; }',
  `skiff pull --quiet ${busybox} >/dev/null`,
  // Never more than the small disk holds.
  'fill() { dd if=/dev/zero of="$SKIFF_ROOT/fill" bs=4k count=4096 2>/dev/null; dd if=/dev/zero of="$SKIFF_ROOT/last" bs=1 count=9999 2>/dev/null; }',
  'list() { skiff ps -a --format "{{.Names}} {{.State}}"; }',
].join('; ');

test.each(['overlay', 'fuse-overlayfs', 'copy'])('%s: containers end, start again and are removed without a free byte', async (driver) => {
  const loop = `'trap "exit 7" TERM; while :; do sleep 0.1; done'`;
  const script = [
    begin,
    `skiff run -d --storage-driver ${driver} --network none --name runs ${busybox} sh -c ${loop} >/dev/null`,
    `skiff create --storage-driver ${driver} --network none --name made ${busybox} true >/dev/null`,
    'fill; skiff exec runs echo exec works; skiff stop runs; skiff inspect --format "{{.State.ExitCode}}" runs',
    'skiff start runs; list; skiff start made || echo refused; list; skiff logs runs; skiff rm -f runs made',
    'ls "$SKIFF_ROOT/containers" "$SKIFF_ROOT/names"; rm "$SKIFF_ROOT/fill" "$SKIFF_ROOT/last"',
    `skiff run --rm --network none --storage-driver ${driver} ${busybox} echo room again`,
  ].join('; ');
  const { stdout, stderr } = await surrounded(box, script, { by: rootOfRange });
  const lists = 'made created\nruns running\n';
  expect(sorted(stdout)).toEqual(
    sorted(`exec works\nruns\n7\nruns\n${lists}refused\n${lists}runs\nmade\n${box.root}/containers:\n\n${box.root}/names:\nroom again\n`),
  );
  expect(stderr).toBe(
    'skiff: No space left on device\nFree some space, for instance with: skiff rm, skiff rmi, skiff system check --repair\n',
  );
});

test('copy: a rootfs that does not fit leaves no part of it, and the container starts once there is room', async () => {
  const script = [
    begin,
    `skiff create --storage-driver copy --network none --name made ${busybox} echo ran >/dev/null`,
    'fill; truncate -s -1M "$SKIFF_ROOT/fill"; skiff start made; ls "$SKIFF_ROOT"/containers/*; rm "$SKIFF_ROOT/fill"; skiff start -a made',
  ].join('; ');
  const { stdout, stderr } = await surrounded(box, script, { by: rootOfRange });
  expect(stdout).not.toContain('rootfs');
  expect(stdout).toMatch(/\nran\n$/);
  expect(stderr).toMatch(
    /^skiff: Cannot copy a layer: cp: .*No space left on device\nThe storage driver "copy" needs room for a whole copy/,
  );
});

const sorted = (text: string): string[] => text.split('\n').filter(Boolean).sort();
