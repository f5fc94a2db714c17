// The walk of a first day, on a real distribution: pull, a shell on a terminal, a server that the host reaches, a look at it, the end.
import { eventually } from './support/eventually.ts';
import { hasImage, image, openSandbox } from './support/sandbox.ts';

(hasImage('debian') ? describe : describe.skip)('Debian (making its image needs root once)', () => {
  const box = openSandbox();
  const debian = image('debian');

  test('run -it --rm debian bash: a shell in which one can work', async () => {
    const terminal = box.terminal(['run', '-it', '--rm', '--hostname', 'ship', debian, 'bash']);
    await terminal.waitFor(/root@ship:\/#/, 120_000);
    terminal.type('. /etc/os-release; echo "this is $ID $VERSION_ID"\n');
    await terminal.waitFor(/this is debian 12/);
    terminal.type('useradd --create-home me && su me -c "id -un; pwd"\n');
    await terminal.waitFor(/me\n\/\n/);
    terminal.type('dpkg --verify base-files && exit 12\n');
    expect(await terminal.ended()).toBe(12);
  });

  test('a server in the background: published, exec, logs -f, stop, ps -a, rm, rmi', async () => {
    const script =
      'mkdir /www; echo "hello from $(cat /etc/debian_version)" >/www/index.html; echo serving; exec busybox httpd -f -vv -p 80 -h /www';
    await box.ok(['run', '-d', '--name', 'web', '-p', '127.0.0.1::80', debian, 'bash', '-c', script]);
    const address = (await box.ok(['port', 'web', '80'])).split('\n')[0] ?? '';
    const answer = await eventually('the server answers', async () => {
      const response = await fetch(`http://${address}/`).catch(() => undefined);
      return response?.ok ? response.text() : undefined;
    });
    expect(answer).toMatch(/^hello from 12\.\d+\n$/);
    expect((await box.skiff(['exec', 'web', 'cat', '/www/index.html'])).stdout).toBe(answer);

    const following = box.start(['logs', '-f', 'web']);
    await eventually('the request is in the log', async () => (await box.skiff(['logs', 'web'])).stderr.includes('response:200'));
    await box.ok(['stop', '-t', '1', 'web']);
    expect(await following.exited).toBe(0);
    expect(await following.stdout.text()).toBe('serving\n');
    expect(await box.ok(['ps', '-a', '--format', '{{.Names}} {{.State}}'])).toBe('web exited');
    expect(await box.ok(['rm', 'web'])).toBe('web');
    expect(await box.ok(['rmi', debian])).toMatch(/^Untagged: /);
    expect(await box.ok(['images', '-q'])).toBe('');
  });
});
