import { loginTarget } from '../../../src/engine/login.ts';

const HUB = { key: 'https://index.docker.io/v1/', registry: 'docker.io', isDockerHub: true };
const registry = (name: string) => ({ key: name, registry: name, isDockerHub: false });

test.each([
  [undefined, HUB],
  ['', HUB],
  ['docker.io', HUB],
  ['index.docker.io', HUB],
  ['https://index.docker.io/v1/', HUB],
  ['registry-1.docker.io', HUB],
  ['docker.io/team', { key: 'docker.io/team', registry: 'docker.io', isDockerHub: false }],
  ['ghcr.io', registry('ghcr.io')],
  ['https://ghcr.io/', registry('ghcr.io')],
  ['http://lan:5000/v2/', registry('lan:5000')],
  ['https://ghcr.io/some/path', registry('ghcr.io')],
  ['intranet', registry('intranet')],
  ['[::1]:5000', registry('[::1]:5000')],
  ['quay.io/team/app', { key: 'quay.io/team/app', registry: 'quay.io', isDockerHub: false }],
])('login %j is kept under its key', (server, target) => {
  expect(loginTarget(server)).toEqual(target);
});

test.each(['not a host', 'https://', '/team', 'quay.io/UPPER', 'quay.io/a//b', 'quay.io/app:tag', 'a@b.io'])(
  '%j is no registry',
  (server) => {
    expect(() => loginTarget(server)).toThrow(`"${server}" is not the name of a registry`);
  },
);
