// `skiff events`: what happens, as it happens; what happened, with --since or --until.
import { Command, flag, type Parsed } from '../cli/command.ts';
import { streamEvents } from '../engine/events.ts';
import { eventFormatter } from '../render/event-line.ts';

const ENDINGS = { SIGINT: 130, SIGTERM: 143 } as const;

export default class Events extends Command {
  static override description = 'Show what happens to containers, images, volumes and networks';
  static override usage = 'events [OPTIONS]';
  static override aliases = ['system:events'];
  static override examples = [
    'skiff events',
    'skiff events --since 10m --filter container=web',
    "skiff events --filter event=die --format '{{.Actor.Attributes.name}} ended with {{.Actor.Attributes.exitCode}}'",
  ];
  static override maxArgs = 0;
  static override flags = {
    filter: flag.list({ char: 'f', helpValue: 'filter', description: 'Filter output based on conditions provided (name=value)' }),
    format: flag.string({ description: "Format output: 'json', or a Go template" }),
    since: flag.string({ description: 'Show all events created since timestamp, or for so long (e.g. "10m")' }),
    until: flag.string({ description: 'Stream events until this timestamp' }),
  };

  async run({ ctx, flags, io }: Parsed<typeof Events.flags>): Promise<number | undefined> {
    const { since, until, filter, format } = flags;
    const line = await eventFormatter(format);
    const ended = new AbortController();
    let code = 0;
    for (const [signal, ending] of Object.entries(ENDINGS)) {
      process.once(signal, () => {
        code = ending;
        ended.abort();
      });
    }
    await streamEvents(ctx, { since, until, filters: filter, signal: ended.signal }, (events) => io.out(events.map(line).join('')));
    return code;
  }
}
