import { Command, flag } from '../../../../src/cli/command.ts';
import { commandHelp } from '../../../../src/cli/help/command.ts';
import { twoColumns } from '../../../../src/cli/help/layout.ts';

class Stop extends Command {
  static override description = 'Stop one or more running containers';
  static override usage = 'stop [OPTIONS] CONTAINER [CONTAINER...]';
  static override aliases = ['container:stop'];
  static override examples = ['skiff stop web', 'skiff stop -t 2 web db'];
  static override flags = {
    timeout: flag.integer({ char: 't', aliases: ['time'], default: 10, description: 'Seconds to wait before killing the container' }),
    signal: flag.string({ char: 's', description: 'Signal to send to the container' }),
    'sig-proxy': flag.boolean({ default: true, description: 'Proxy received signals to the process' }),
    secret: flag.boolean({ hidden: true }),
    env: flag.list({ char: 'e' }),
  };
  async run(): Promise<number | undefined> {
    return undefined;
  }
}

describe('the help of a command', () => {
  it('has usage, description, aliases, options and examples as Docker sets them', () => {
    expect(commandHelp(Stop, { id: 'stop', name: 'container stop', columns: 60 })).toBe(
      `Usage:  skiff container stop [OPTIONS] CONTAINER [CONTAINER...]

Stop one or more running containers

Aliases:
  skiff container stop, skiff stop

Options:
  -e, --env list
      --sig-proxy       Proxy received signals to the
                        process (default true)
  -s, --signal string   Signal to send to the container
  -t, --timeout int     Seconds to wait before killing the
                        container (default 10)

Examples:
  skiff stop web
  skiff stop -t 2 web db
`,
    );
  });

  it('keeps at least 24 columns for the descriptions on a narrow terminal', () => {
    const rows = [{ left: '  --a-rather-long-flag-name', right: 'twenty-four columns here and more' }];
    expect(twoColumns(rows, { columns: 20, gap: 1 })).toBe(
      '  --a-rather-long-flag-name twenty-four columns here\n                            and more\n',
    );
  });
});
