// The flags that `run` and `create` share, with Docker's names, letters and help. What a value means is read by container-values.ts and
// engine/create/; container-options.ts turns all of them into a create request.
import { parseMount } from '../engine/create/mount-spec.ts';
import { parseBytes } from '../engine/create/sizes.ts';
import { parseTmpfs } from '../engine/create/tmpfs-spec.ts';
import { parseUlimit } from '../engine/create/ulimit.ts';
import * as values from './container-values.ts';
import { flag, type ListFlag } from './flag.ts';
import { deviceFlags } from './flags-devices.ts';
import { egressFlags } from './flags-egress.ts';
import { extraFlags } from './flags-extras.ts';
import { healthFlags } from './flags-health.ts';
import { limitFlags } from './flags-limits.ts';
import { lockFlags } from './flags-lock.ts';
import { namespaceFlags } from './flags-namespaces.ts';
import { networkFlags } from './flags-network.ts';
import { storageFlags } from './flags-storage.ts';
import { timeLimitFlags } from './flags-time-limit.ts';
import { unsupportedFlags } from './unsupported-flags.ts';

interface ListSpec {
  char?: string;
  description: string;
  helpValue?: string;
}

/** A repeatable flag whose values are read one by one. */
function listOf<T>(parse: (text: string) => T, spec: ListSpec): ListFlag<T> {
  return { helpValue: 'list', ...spec, type: 'option', multiple: true, default: [], parse };
}

const bytes = (spec: { char?: string; description: string }) => flag.custom({ helpValue: 'bytes', ...spec, parse: parseBytes });

export const containerFlags = {
  ...deviceFlags,
  ...limitFlags,
  ...lockFlags,
  'add-host': listOf(values.extraHost, { description: 'Add a custom host-to-IP mapping (host:ip)' }),
  attach: listOf(values.stream, { char: 'a', description: 'Attach to STDIN, STDOUT or STDERR' }),
  'cap-add': flag.list({ description: 'Add Linux capabilities' }),
  'cap-drop': flag.list({ description: 'Drop Linux capabilities' }),
  cidfile: flag.string({ description: 'Write the container ID to the file' }),
  dns: listOf(values.ipAddress, { description: 'Set custom DNS servers' }),
  'dns-option': flag.list({ description: 'Set DNS options' }),
  'dns-search': listOf(values.searchDomain, { description: 'Set custom DNS search domains' }),
  domainname: flag.string({ description: 'Container NIS domain name' }),
  entrypoint: flag.string({ description: 'Overwrite the default ENTRYPOINT of the image' }),
  env: listOf(values.environmentEntry, { char: 'e', description: 'Set environment variables' }),
  'env-file': flag.list({ description: 'Read in a file of environment variables' }),
  expose: flag.list({ description: 'Expose a port or a range of ports' }),
  hostname: flag.string({ char: 'h', description: 'Container host name' }),
  init: flag.boolean({ description: 'Run an init inside the container that forwards signals and reaps processes' }),
  interactive: flag.boolean({ char: 'i', description: 'Keep STDIN open even if not attached' }),
  label: listOf(values.label, { char: 'l', description: 'Set meta data on a container' }),
  'label-file': flag.list({ description: 'Read in a line delimited file of labels' }),
  'log-driver': flag.string({ description: 'Logging driver for the container (json-file, local, journald, none)' }),
  'log-opt': flag.list({ description: 'Log driver options (max-size, max-file, compress, labels, env, tag, ...)' }),
  mount: listOf(parseMount, { helpValue: 'mount', description: 'Attach a filesystem mount to the container' }),
  name: flag.string({ description: 'Assign a name to the container' }),
  platform: flag.custom({ description: 'Set platform if the image has several', parse: values.platform }),
  privileged: flag.boolean({ description: 'Give extended privileges to this container' }),
  publish: flag.list({ char: 'p', description: "Publish a container's port(s) to the host" }),
  'publish-all': flag.boolean({ char: 'P', description: 'Publish all exposed ports to random ports' }),
  pull: flag.custom({
    description: 'Pull image before running ("always", "missing", "never")',
    parse: values.pullPolicy,
    default: 'missing' as const,
  }),
  quiet: flag.boolean({ char: 'q', description: 'Suppress the pull output' }),
  'read-only': flag.boolean({ description: "Mount the container's root filesystem as read only" }),
  restart: flag.string({ description: 'Restart policy to apply when a container exits', default: 'no' }),
  rm: flag.boolean({ description: 'Automatically remove the container and its associated anonymous volumes when it exits' }),
  runtime: flag.string({ description: 'Runtime to use for this container' }),
  'security-opt': flag.list({ description: 'Security Options' }),
  'shm-size': bytes({ description: 'Size of /dev/shm' }),
  'stop-signal': flag.string({ description: 'Signal to stop the container' }),
  'stop-timeout': flag.integer({ description: 'Timeout (in seconds) to stop a container' }),
  ...storageFlags,
  ...extraFlags,
  tmpfs: listOf(parseTmpfs, { description: 'Mount a tmpfs directory' }),
  tty: flag.boolean({ char: 't', description: 'Allocate a pseudo-TTY' }),
  ulimit: listOf(parseUlimit, { helpValue: 'ulimit', description: 'Ulimit options' }),
  user: flag.string({ char: 'u', description: 'Username or UID (format: <name|uid>[:<group|gid>])' }),
  volume: flag.list({ char: 'v', description: 'Bind mount a volume' }),
  workdir: flag.string({ char: 'w', description: 'Working directory inside the container' }),
  ...namespaceFlags,
  ...networkFlags,
  ...healthFlags,
  ...egressFlags,
  ...timeLimitFlags,
  ...unsupportedFlags,
};
