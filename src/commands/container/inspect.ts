// `skiff container inspect`: containers only.
import { Command, type Parsed } from '../../cli/command.ts';
import { inspectAll, inspectFlags } from '../inspect.ts';

export default class ContainerInspect extends Command {
  static override description = 'Display detailed information on one or more containers';
  static override usage = 'container inspect [OPTIONS] CONTAINER [CONTAINER...]';
  static override examples = ["skiff container inspect -f '{{.NetworkSettings.IPAddress}}' web"];
  static override minArgs = 1;
  static override flags = inspectFlags;

  async run({ ctx, flags, args, io }: Parsed<typeof inspectFlags>): Promise<number | undefined> {
    return inspectAll(ctx, io, { names: args, type: 'container', ...flags });
  }
}
