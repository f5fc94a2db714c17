import { mergeEnvironment, processEnvironment } from '../../../../src/runtime/spec/environment.ts';
import type { ContainerConfig } from '../../../../src/storage/records.ts';

describe('the environment', () => {
  const config = { Hostname: 'box', Domainname: '', Tty: false, Env: ['A=1'] } as ContainerConfig;
  const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

  test("has Docker's variables first and HOME last", () => {
    expect(processEnvironment(config, '/root')).toEqual([PATH, 'HOSTNAME=box', 'A=1', 'HOME=/root']);
  });

  test('has TERM with a terminal, and the domain in HOSTNAME', () => {
    expect(processEnvironment({ ...config, Tty: true, Domainname: 'example.org' }, '/')).toEqual([
      PATH,
      'HOSTNAME=box.example.org',
      'TERM=xterm',
      'A=1',
      'HOME=/',
    ]);
  });

  test('gives way to what was set', () => {
    const Env = ['PATH=/p', 'HOME=/h', 'TERM=dumb', 'HOSTNAME=me'];
    expect(processEnvironment({ ...config, Tty: true, Env }, '/root')).toEqual(['PATH=/p', 'HOSTNAME=me', 'TERM=dumb', 'HOME=/h']);
  });

  test('a name without a value removes the variable', () => {
    expect(mergeEnvironment(['A=1', 'B=2'], ['A', 'C='])).toEqual(['B=2', 'C=']);
  });
});
