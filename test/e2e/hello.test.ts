// The first thing a newcomer runs: an image that the executable carries, on a machine that may have no network.
import { helloText } from '../../scripts/hello-elf.ts';
import { openSandbox } from './support/sandbox.ts';

const box = openSandbox();

test('version names the program', async () => {
  const { stdout, stderr, code } = await box.skiff(['--version']);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  expect(stdout).toMatch(/^skiff version \d+\.\d+\.\d+/i);
});

test('localhost/hello prints what just happened, and asks no registry', async () => {
  const { stdout, stderr, code } = await box.skiff(['run', '--rm', 'localhost/hello'], { env: { http_proxy: 'http://127.0.0.1:1' } });
  expect({ stdout, stderr, code }).toEqual({ stdout: helloText, stderr: '', code: 0 });
});

test('localhost/hello is an image like any other once it ran', async () => {
  await box.ok(['run', '--rm', 'localhost/hello']);
  expect(await box.ok(['images', '--format', '{{.Repository}}:{{.Tag}}'])).toBe('localhost/hello:latest');
  await box.ok(['rmi', 'localhost/hello']);
  expect(await box.ok(['images', '-q'])).toBe('');
});

test('localhost/hello of another tag is not invented', async () => {
  const { stdout, code } = await box.skiff(['run', '--rm', 'localhost/hello:other']);
  expect({ stdout, code }).toEqual({ stdout: '', code: 125 });
});
