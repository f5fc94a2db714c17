// Why a limit does not hold, and what to paste so that it does: one line for all limits that want for the same reason. What is in the way is
// looked for from the kernel upwards: no cgroup v2, a kernel without the controller or with it on version 1, somebody above who hands
// nothing down.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CgroupPlace } from './cgroup.ts';
import { cgroup2Mount, controllersOf } from './cgroup-tree.ts';

export interface CgroupFacts {
  /** The cgroup2 mount, if there is one, and the controllers that its root has. */
  root: string | undefined;
  rootControllers: readonly string[];
  /** /proc/cgroups: name, hierarchy, number of cgroups, enabled. */
  procCgroups: string;
  isSystemd: boolean;
}

const DROP_IN =
  "sudo mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' | sudo tee /etc/systemd/system/user@.service.d/delegate.conf && sudo systemctl daemon-reload, then log out and in again";

/** One sentence for each cause. `missing` is what `unenforced` found. */
export function limitAdvice(
  missing: readonly { flag: string; needs: string }[],
  place: Pick<CgroupPlace, 'step' | 'reason' | 'base'>,
  facts: CgroupFacts = cgroupFacts(),
): string[] {
  const byCause = new Map<Cause, { flags: string[]; needs: Set<string> }>();
  for (const { flag, needs } of missing) {
    const cause = causeOf(needs, facts);
    const group = byCause.get(cause) ?? { flags: [], needs: new Set() };
    group.flags.push(flag);
    group.needs.add(needs);
    byCause.set(cause, group);
  }
  return [...byCause].map(([cause, { flags, needs }]) => {
    const [verb, object] = flags.length > 1 ? ['are', 'them'] : ['is', 'it'];
    return `${listOf(flags)} ${verb} not enforced: ${explain(cause, [...needs], place, facts).replace('to get it', `to get ${object}`)}`;
  });
}

type Cause = 'no file' | 'no cgroups' | 'no controller' | 'off' | 'version 1' | 'out of sight' | 'not delegated';

function causeOf(needs: string, { root, rootControllers, procCgroups }: CgroupFacts): Cause {
  if (needs.includes('.')) return 'no file';
  if (root === undefined) return 'no cgroups';
  if (rootControllers.includes(needs)) return 'not delegated';
  // The one controller that had another name in version 1.
  const name = needs === 'io' ? 'blkio' : needs;
  const fields = procCgroups.split('\n').map((line) => line.split('\t'));
  const [, hierarchy, , enabled] = fields.find(([first]) => first === name) ?? [];
  if (hierarchy === undefined) return 'no controller';
  if (enabled === '0') return 'off';
  return hierarchy === '0' ? 'out of sight' : 'version 1';
}

function explain(cause: Cause, needs: string[], { step, reason, base }: Pick<CgroupPlace, 'step' | 'reason' | 'base'>, facts: CgroupFacts) {
  const [controllers, verb] = needs.length > 1 ? [`controllers ${listOf(needs)}`, 'are'] : [`controller ${needs[0]}`, 'is'];
  switch (cause) {
    case 'no file':
      return `this kernel has no ${listOf(needs)}`;
    case 'no cgroups':
      return facts.isSystemd
        ? 'no cgroup v2 is mounted; to get it, boot with the kernel parameter systemd.unified_cgroup_hierarchy=1'
        : 'no cgroup v2 is mounted; to get it: sudo mount -t cgroup2 cgroup2 /sys/fs/cgroup';
    case 'no controller':
      return `this kernel has no cgroup ${controllers}`;
    case 'off': {
      const parameters = needs.map((name) => `cgroup_enable=${name}`).join(' ');
      return `the cgroup ${controllers} ${verb} switched off; to get it, boot with the kernel parameter ${parameters}`;
    }
    case 'version 1':
      return `the cgroup ${controllers} ${verb} in use by cgroup v1; to get it, boot with the kernel parameter cgroup_no_v1=all`;
    case 'out of sight':
      return `the cgroup ${controllers} ${verb} not in the part of the cgroup tree that is mounted here`;
    case 'not delegated':
      return `the cgroup ${controllers} ${verb} not delegated to you (${reason}); to get it${howToDelegate(needs, { step, base }, facts)}`;
  }
}

function howToDelegate(
  needs: string[],
  { step, base }: { step: string; base: string | undefined },
  { root = '', isSystemd }: CgroupFacts,
): string {
  if (isSystemd && step === 'systemd') return `: ${DROP_IN}`;
  if (isSystemd) return ', let systemd run your user manager: sudo loginctl enable-linger $USER, then log in again';
  const mine = join(root, '$USER');
  if (base === undefined) return `: sudo mkdir ${mine} && sudo chown -R $USER ${mine} && echo $$ | sudo tee ${mine}/cgroup.procs`;
  const words = needs.map((name) => `+${name}`).join(' ');
  return `: for d in ${ancestors(root, base).join(' ')}; do echo ${words} | sudo tee $d/cgroup.subtree_control; done`;
}

/** Folders from the root of the tree down to the parent of `base`: each has to hand the controller on. */
function ancestors(root: string, base: string): string[] {
  const names = base.split('/').filter(Boolean);
  return names.map((_, depth) => join(root, ...names.slice(0, depth)));
}

function cgroupFacts(): CgroupFacts {
  const root = cgroup2Mount();
  return {
    root,
    rootControllers: root === undefined ? [] : controllersOf(root),
    procCgroups: readFileSync('/proc/cgroups', 'utf8'),
    isSystemd: existsSync('/run/systemd/system'),
  };
}

function listOf(words: string[]): string {
  return words.length > 1 ? `${words.slice(0, -1).join(', ')} and ${words.at(-1)}` : (words[0] ?? '');
}
