// `info` as text, in Docker's layout, with a section on how containers run here without root.
import { struct } from './go-values.ts';
import { binarySize } from './human.ts';

/** What is shown of the system; Docker's field names. */
export interface SystemInfo {
  Containers: number;
  ContainersRunning: number;
  ContainersPaused: number;
  ContainersStopped: number;
  Images: number;
  ServerVersion: string;
  Driver: string;
  DriverStatus: string[][];
  LoggingDriver: string;
  CgroupDriver: string;
  CgroupVersion: string;
  Plugins: Record<string, string[]>;
  Runtimes: Record<string, unknown>;
  DefaultRuntime: string;
  SecurityOptions: string[];
  KernelVersion: string;
  OperatingSystem: string;
  OSType: string;
  Architecture: string;
  NCPU: number;
  MemTotal: number;
  Name: string;
  ID: string;
  DockerRootDir: string;
  HttpProxy: string;
  HttpsProxy: string;
  NoProxy: string;
  Registries: { Files: string[]; Insecure: string[]; Blocked: string[]; Mirrors: Record<string, string[]> };
  /** The file that says what may be pulled; '' where there is none. */
  ImagePolicy: string;
  Warnings: string[];
  Rootless: {
    UserNamespace: { Step: string; Reason: string; Ids: number };
    Processes: { Step: string; Reason: string };
    Network: { Step: string; Reason: string };
    Cgroup: { Step: string; Reason: string; Controllers: string[] };
    RunDir: string;
    Programs: Record<string, string>;
  };
}

/** The text, without the warnings, which go to standard error. */
export function renderInfo(info: SystemInfo): string {
  const { Rootless: rootless } = info;
  const lines = [
    'Client:',
    ` Version:    ${info.ServerVersion}`,
    ' Context:    default',
    ' Debug Mode: false',
    '',
    'Server:',
    ` Containers: ${info.Containers}`,
    `  Running: ${info.ContainersRunning}`,
    `  Paused: ${info.ContainersPaused}`,
    `  Stopped: ${info.ContainersStopped}`,
    ` Images: ${info.Images}`,
    ` Server Version: ${info.ServerVersion}`,
    ` Storage Driver: ${info.Driver}`,
    ...info.DriverStatus.map(([name, value]) => `  ${name}: ${value}`),
    ` Logging Driver: ${info.LoggingDriver}`,
    ` Cgroup Driver: ${info.CgroupDriver}`,
    `  Reason: ${rootless.Cgroup.Reason}`,
    `  Controllers: ${rootless.Cgroup.Controllers.join(' ') || 'none'}`,
    ` Cgroup Version: ${info.CgroupVersion}`,
    ' Plugins:',
    ...Object.entries(info.Plugins).map(([kind, names]) => `  ${kind}: ${names.join(' ')}`),
    ` Runtimes: ${Object.keys(info.Runtimes).join(' ')}`,
    ` Default Runtime: ${info.DefaultRuntime}`,
    ...Object.entries(rootless.Programs).map(([name, version]) => ` ${name} version: ${version}`),
    ' Security Options:',
    ...info.SecurityOptions.flatMap(securityOption),
    ' User Namespace:',
    `  Step: ${rootless.UserNamespace.Step}`,
    `  Reason: ${rootless.UserNamespace.Reason}`,
    `  Ids: ${rootless.UserNamespace.Ids}`,
    ' Pid Namespace:',
    `  Step: ${rootless.Processes.Step}`,
    `  Reason: ${rootless.Processes.Reason}`,
    ' Default Network:',
    `  Step: ${rootless.Network.Step}`,
    `  Reason: ${rootless.Network.Reason}`,
    ` Kernel Version: ${info.KernelVersion}`,
    ` Operating System: ${info.OperatingSystem}`,
    ` OSType: ${info.OSType}`,
    ` Architecture: ${info.Architecture}`,
    ` CPUs: ${info.NCPU}`,
    ` Total Memory: ${binarySize(info.MemTotal)}`,
    ` Name: ${info.Name}`,
    ` ID: ${info.ID}`,
    ` Docker Root Dir: ${info.DockerRootDir}`,
    ` Run Dir: ${rootless.RunDir}`,
    ...proxies(info),
    ...registries(info),
    ...(info.ImagePolicy === '' ? [] : [` Image Policy: ${info.ImagePolicy}`]),
    '',
  ];
  return `${lines.join('\n')}\n`;
}

/** The same for templates: Docker's name of the type, so that an unknown field is an error. */
export function infoForTemplates<T extends object>(info: T): T {
  return struct('system.dockerInfo', info);
}

/** `name=seccomp,profile=builtin` takes two lines. */
function securityOption(option: string): string[] {
  const pairs = option.split(',').map((part) => part.split('='));
  return pairs.map(([key = '', value = '']) =>
    key === 'name' ? `  ${value}` : `   ${key.charAt(0).toUpperCase()}${key.slice(1)}: ${value}`,
  );
}

function proxies({ HttpProxy, HttpsProxy, NoProxy }: SystemInfo): string[] {
  const given = Object.entries({ 'HTTP Proxy': HttpProxy, 'HTTPS Proxy': HttpsProxy, 'No Proxy': NoProxy }).filter(
    ([, value]) => value !== '',
  );
  return given.map(([name, value]) => ` ${name}: ${value.replace(/\/\/[^@/]*@/, '//xxxxx:xxxxx@')}`);
}

function registries({ Registries: { Files, Insecure, Blocked, Mirrors } }: SystemInfo): string[] {
  const list = (title: string, lines: string[]): string[] => (lines.length > 0 ? [` ${title}:`, ...lines.map((line) => `  ${line}`)] : []);
  return [
    ...list('Insecure Registries', [...Insecure, '::1/128', '127.0.0.0/8']),
    ...list(
      'Registry Mirrors',
      Object.entries(Mirrors).map(([prefix, mirrors]) => `${prefix}: ${mirrors.join(', ')}`),
    ),
    ...list('Blocked Registries', Blocked),
    ...list('Registry Settings', Files),
  ];
}
