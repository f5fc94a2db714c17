// `skiff system check`
import { Command, flag, type Parsed } from '../../cli/command.ts';
import { checkSystem } from '../../engine/system-check.ts';

export default class SystemCheck extends Command {
  static override description = 'Verify every stored object, and repair or sweep what can be';
  static override usage = 'system check [OPTIONS]';
  static override examples = ['skiff system check', 'skiff system check --repair'];
  static override maxArgs = 0;
  static override flags = {
    repair: flag.boolean({ description: 'Fetch damaged objects again, remove those that cannot be had, and sweep what nothing uses' }),
    quick: flag.boolean({ description: 'Look at records only, not at the contents of blobs and layers' }),
  };

  async run({ ctx, flags, io }: Parsed<typeof SystemCheck.flags>): Promise<number | undefined> {
    const { checked, lines } = await checkSystem(ctx, { repair: flags.repair ?? false, quick: flags.quick ?? false });
    for (const { kind, object, what, repaired } of lines) {
      io.out(`${kind === 'leftover' ? 'leftover ' : ''}${object}: ${what}${repaired ? ` (${repaired})` : ''}\n`);
    }
    const problems = lines.filter((line) => line.kind === 'problem');
    const left = problems.filter((line) => line.repaired === undefined).length;
    const repaired = problems.length - left;
    io.out(`${counted(checked, 'object')} checked, ${counted(left, 'problem')}${repaired ? `, ${repaired} repaired` : ''}\n`);
    return left === 0 ? 0 : 1;
  }
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
