// What the tables of docs/compatibility.md say beyond "works".

/** Of flags that `create` and `run` share. */
const OF_CONTAINERS: Readonly<Record<string, string>> = {
  'group-add': 'podman’s `keep-groups` too',
  ipc: '`private`, `shareable`, `none`, `host`, `container:NAME`',
  isolation: '`default`, the only one on Linux',
  mount: 'see [mounts](mounts.md)',
  'oom-score-adj': 'without root it can only be raised above your own',
  pid: '`host`, `container:NAME`; with `--uts host` and a shared `--ipc` beside it, it is refused',
  sysctl: 'those of the network and IPC namespaces, as with Docker',
  userns: '`host` is your own user namespace, where containers are anyway; podman’s `keep-id[:uid=N,gid=N]` too, with fuse-overlayfs',
  volume:
    'podman’s `U`, `O`, `upperdir=`, `workdir=`, `idmap` too ([mounts](mounts.md)); `cached`, `delegated`, `consistent` mean nothing on Linux, as with Docker: no virtual machine is between',
};

const forBoth = Object.entries(OF_CONTAINERS).flatMap(([flag, note]) => [
  [`container run --${flag}`, note],
  [`container create --${flag}`, note],
]);

/** By `command --flag`, the command under its first name. */
export const NOTES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(forBoth),
  'image build --cache-from': 'a name, or `type=registry`, `local`, `inline`, in BuildKit’s form ([building](build.md#the-cache))',
  'image build --compress': 'says what has no meaning here: no context is sent anywhere',
  'image build --force-rm': 'says what is always so: there are no intermediate containers',
  'image build --isolation': '`default`, the only one on Linux',
  'image build --network': '`default`, `none`, `host`',
  'image build --platform': 'several at once make an index',
  'image build --rm': 'says what is always so; `false` is refused',
  'network connect --driver-opt': '`com.docker.network.endpoint.ifname`; others are refused by name',
  'network connect --gw-priority': 'which network says where ports are published; the way out is always the container’s own',
  'network create --driver': '`bridge`',
  'network create --ipam-driver': '`default`',
  'network create --ipam-opt': 'none is known, so each is refused by name',
  'network create --opt':
    'those of `com.docker.network` that mean something here ([the list](networking.md#options)); others are refused by name',
  'network create --scope': '`local`',
  'network create --subnet': 'one of each family, as with Docker',
  'network inspect --verbose': 'adds what a swarm knows, so nothing',
  'container run --cgroup-parent': 'a slice of your systemd manager, or without systemd a cgroup that you may write',
  'container run --device':
    'a node, a folder, or `vendor/class=name` of a CDI file; permissions other than reading and writing both are not enforced, with a warning',
  'container run --gpus': 'by a CDI file for `nvidia.com/gpu`',
  'container run --memory-swappiness': 'discarded with a warning, as Docker does on cgroup v2',
  'container create --cgroup-parent': 'a slice of your systemd manager, or without systemd a cgroup that you may write',
  'container create --device':
    'a node, a folder, or `vendor/class=name` of a CDI file; permissions other than reading and writing both are not enforced, with a warning',
  'container create --gpus': 'by a CDI file for `nvidia.com/gpu`',
  'container create --memory-swappiness': 'discarded with a warning, as Docker does on cgroup v2',
  'container exec --detach-keys': 'leaving an attached command hangs it up; with `-d` it stays',
  'inspect --type': '`container`, `image` and `network`',
};

/** What skiff's global options answer, where they are checked after the command line is read. */
export const REFUSED_GLOBALS: Readonly<Record<string, string>> = {
  context: 'refused: Cannot use --context: skiff has no daemon to connect to',
  host: 'refused: Cannot use --host: skiff has no daemon to connect to',
};
