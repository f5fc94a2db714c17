// `skiff healthcheck run`, which is Podman's
import { Command, type Parsed } from '../../cli/command.ts';
import { checkContainer } from '../../engine/health-check.ts';

export default class HealthcheckRun extends Command {
  static override description = 'Run the health check of a container now: 0 when it is healthy, 1 when it is not';
  static override usage = 'healthcheck run CONTAINER';
  static override examples = ['skiff healthcheck run web'];
  static override minArgs = 1;
  static override maxArgs = 1;

  async run({ ctx, args, io }: Parsed): Promise<number | undefined> {
    if (await checkContainer(ctx, args[0] ?? '')) return 0;
    io.out('unhealthy\n');
    return 1;
  }
}
