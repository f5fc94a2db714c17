// The options of the driver `local`, as Docker's: `type`, `device` and `o` are those of a mount. Without root two kinds can be mounted: a tmpfs
// and another folder (`type=none,o=bind`). What cannot be kept is refused when the volume is made, not when a container starts.
import { isAbsolute, normalize } from 'node:path';
import { EngineError } from '../sys/errors.ts';

type Options = Readonly<Record<string, string>>;

const KNOWN = ['type', 'o', 'device', 'size'];
const NEEDS: Readonly<Record<string, readonly string[]>> = { type: ['device'], device: ['type'], o: ['device', 'type'] };
const SIZE = /^\d+[kmgtKMGT%]?$/;
const TMPFS_VALUES: Readonly<Record<string, RegExp>> = {
  size: SIZE,
  mode: /^[0-7]{1,4}$/,
  uid: /^\d+$/,
  gid: /^\d+$/,
  nr_inodes: /^\d+[kmgKMG]?$/,
  nr_blocks: /^\d+[kmgKMG]?$/,
};
const TMPFS_WORDS = ['ro', 'rw', 'nosuid', 'nodev', 'noexec', 'noatime', 'nodiratime', 'relatime'];
const BIND_WORDS = ['bind', 'rbind', 'ro', 'rw'];

/** The options as they are kept. Throws ERR_VOLUME_OPTION. `name` is for the sentence. */
export function checkVolumeOptions(options: Options, name: string): Record<string, string> {
  const unknown = Object.keys(options).find((option) => !KNOWN.includes(option));
  if (unknown !== undefined) throw refuse(name, `invalid option: "${unknown}"`, 'The driver "local" knows type, o and device');
  if (options.size !== undefined) {
    throw refuse(name, 'quota size requested but no quota support', 'A tmpfs can be limited: -o type=tmpfs -o device=tmpfs -o o=size=100m');
  }
  for (const [option, needed] of Object.entries(NEEDS)) {
    const missing = options[option] === undefined ? undefined : needed.find((other) => options[other] === undefined);
    if (missing !== undefined) throw refuse(name, `missing required option: "${missing}"`, `Give -o ${missing}=… too`);
  }
  const { type } = options;
  if (type === undefined) return {};
  const words = wordsOf(options);
  if (type === 'tmpfs') checkTmpfs(words, name);
  else if (type === 'none' || type === 'bind') checkBind(words, options, name);
  else
    throw refuse(
      name,
      `a volume of type "${type}" needs root`,
      'Mount it as root, and give the folder: -o type=none -o o=bind -o device=/mnt/…',
    );
  return { ...options, ...(type === 'tmpfs' ? {} : { device: normalize(options.device ?? '').replace(/(.)\/$/, '$1') }) };
}

/** The data of the mount of a tmpfs volume; undefined for another volume. */
export function tmpfsData(options: Options): string | undefined {
  return options.type === 'tmpfs' ? wordsOf(options).join(',') : undefined;
}

/** Whether its containers may only read it, whatever they ask for. */
export const isReadOnlyVolume = (options: Options): boolean => wordsOf(options).includes('ro');

const wordsOf = ({ o = '' }: Options): string[] => o.split(',').filter(Boolean);

function checkTmpfs(words: readonly string[], name: string): void {
  for (const word of words) {
    const [key = '', value] = word.split(/=(.*)/s);
    const isFine = value === undefined ? TMPFS_WORDS.includes(word) : TMPFS_VALUES[key]?.test(value);
    if (!isFine)
      throw refuse(
        name,
        `"${word}" is no mount option of a tmpfs`,
        `Known are ${Object.keys(TMPFS_VALUES).join('=, ')}=, ${TMPFS_WORDS.join(', ')}`,
      );
  }
}

function checkBind(words: readonly string[], { device = '' }: Options, name: string): void {
  const foreign = words.find((word) => !BIND_WORDS.includes(word));
  if (foreign !== undefined) throw refuse(name, `"${foreign}" is no option of a bind mount here`, `Known are ${BIND_WORDS.join(', ')}`);
  if (!words.includes('bind') && !words.includes('rbind')) {
    throw refuse(
      name,
      `the device "${device}" cannot be mounted without root`,
      'A folder is mounted by: -o type=none -o o=bind -o device=/its/path',
    );
  }
  if (!isAbsolute(device)) throw refuse(name, `the device "${device}" is no absolute path`, 'Give -o device=/the/path of a folder');
  if (device.split('/').includes('..')) throw refuse(name, `the device "${device}" has ".." in it`, 'Give the path as it is');
}

const refuse = (name: string, why: string, hint: string): EngineError =>
  new EngineError('ERR_VOLUME_OPTION', `create ${name}: ${why}`, { hint });
