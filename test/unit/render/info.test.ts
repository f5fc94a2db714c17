import { infoForTemplates, renderInfo, type SystemInfo } from '../../../src/render/info.ts';
import { renderTemplate } from '../../../src/render/template.ts';

const INFO: SystemInfo = {
  Containers: 3,
  ContainersRunning: 1,
  ContainersPaused: 0,
  ContainersStopped: 2,
  Images: 4,
  ServerVersion: '1.2.3',
  Driver: 'overlay',
  DriverStatus: [['Reason', 'it works']],
  LoggingDriver: 'json-file',
  CgroupDriver: 'systemd',
  CgroupVersion: '2',
  Plugins: { Volume: ['local'], Network: ['bridge', 'host', 'none'] },
  Runtimes: { crun: {} },
  DefaultRuntime: 'crun',
  SecurityOptions: ['name=seccomp,profile=builtin', 'name=rootless'],
  KernelVersion: '6.1',
  OperatingSystem: 'Debian',
  OSType: 'linux',
  Architecture: 'x86_64',
  NCPU: 2,
  MemTotal: 8_000_000_000,
  Name: 'host',
  ID: 'host',
  DockerRootDir: '/data',
  HttpProxy: 'http://user:secret@proxy:3128',
  HttpsProxy: '',
  NoProxy: '',
  Registries: { Files: ['/etc/r.json'], Insecure: ['lan:5000'], Blocked: ['bad.io'], Mirrors: { 'docker.io': ['one', 'two'] } },
  ImagePolicy: '/etc/policy.json',
  Warnings: [],
  Rootless: {
    UserNamespace: { Step: 'subuid', Reason: 'a range', Ids: 65536 },
    Processes: { Step: 'own', Reason: 'a pid namespace' },
    Network: { Step: 'uplink', Reason: 'one pasta' },
    Cgroup: { Step: 'systemd', Reason: 'a scope', Controllers: ['cpu', 'memory'] },
    RunDir: '/run/skiff',
    Programs: { crun: '1.8.1', pasta: 'not found' },
  },
};

test('the text has Docker’s layout, with what is chosen here and why', () => {
  expect(renderInfo(INFO)).toBe(`Client:
 Version:    1.2.3
 Context:    default
 Debug Mode: false

Server:
 Containers: 3
  Running: 1
  Paused: 0
  Stopped: 2
 Images: 4
 Server Version: 1.2.3
 Storage Driver: overlay
  Reason: it works
 Logging Driver: json-file
 Cgroup Driver: systemd
  Reason: a scope
  Controllers: cpu memory
 Cgroup Version: 2
 Plugins:
  Volume: local
  Network: bridge host none
 Runtimes: crun
 Default Runtime: crun
 crun version: 1.8.1
 pasta version: not found
 Security Options:
  seccomp
   Profile: builtin
  rootless
 User Namespace:
  Step: subuid
  Reason: a range
  Ids: 65536
 Pid Namespace:
  Step: own
  Reason: a pid namespace
 Default Network:
  Step: uplink
  Reason: one pasta
 Kernel Version: 6.1
 Operating System: Debian
 OSType: linux
 Architecture: x86_64
 CPUs: 2
 Total Memory: 7.451GiB
 Name: host
 ID: host
 Docker Root Dir: /data
 Run Dir: /run/skiff
 HTTP Proxy: http://xxxxx:xxxxx@proxy:3128
 Insecure Registries:
  lan:5000
  ::1/128
  127.0.0.0/8
 Registry Mirrors:
  docker.io: one, two
 Blocked Registries:
  bad.io
 Registry Settings:
  /etc/r.json
 Image Policy: /etc/policy.json

`);
});

test('templates read it, and an unknown field is an error', () => {
  expect(renderTemplate('{{.Driver}} {{.Rootless.UserNamespace.Step}}', infoForTemplates({ ...INFO }))).toBe('overlay subuid');
  expect(() => renderTemplate('{{.Foo}}', infoForTemplates({ ...INFO }))).toThrow("can't evaluate field Foo in type system.dockerInfo");
});
