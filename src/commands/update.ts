// `skiff update`: other limits, or another restart policy, for containers that exist.
import { Command, flag, type Parsed } from '../cli/command.ts';
import { restartPolicy } from '../cli/container-options.ts';
import { forEachName } from '../cli/each.ts';
import { changeableLimitFlags, changeableLimits } from '../cli/flags-limits.ts';
import { unsupportedFlags } from '../cli/unsupported-flags.ts';
import { updateContainer } from '../engine/update.ts';
import { EngineError } from '../sys/errors.ts';

const { 'cpu-rt-period': rtPeriod, 'cpu-rt-runtime': rtRuntime, 'kernel-memory': kernelMemory } = unsupportedFlags;

export default class Update extends Command {
  static override description = 'Update configuration of one or more containers';
  static override usage = 'update [OPTIONS] CONTAINER [CONTAINER...]';
  static override aliases = ['container:update'];
  static override examples = [
    'skiff update --memory 512m --memory-swap 1g web',
    'skiff update --cpus 1.5 web worker',
    'skiff update --restart unless-stopped web',
  ];
  static override minArgs = 1;
  static override flags = {
    ...changeableLimitFlags,
    restart: flag.string({ description: 'Restart policy to apply when a container exits' }),
    'cpu-rt-period': rtPeriod,
    'cpu-rt-runtime': rtRuntime,
    'kernel-memory': kernelMemory,
  };

  async run(input: Parsed<typeof Update.flags>): Promise<number | undefined> {
    const { ctx, flags, given } = input;
    if (given.size === 0) {
      throw new EngineError('ERR_USAGE', 'You must provide one or more flags when using this command', {
        hint: 'See what can be changed: skiff update --help',
      });
    }
    const change = {
      ...changeableLimits(flags),
      ...(flags.restart === undefined ? {} : { RestartPolicy: restartPolicy(flags.restart) }),
    };
    return forEachName(input, async (name) => {
      await updateContainer(ctx, name, change);
      return name;
    });
  }
}
