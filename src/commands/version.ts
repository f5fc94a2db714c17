// `skiff version`: Docker's two sections, filled by one program.
import { Command, flag, type Parsed } from '../cli/command.ts';
import { commit, version } from '../cli/version.ts';
import { describeVersion, type VersionInfo } from '../engine/version.ts';

export default class Version extends Command {
  static override description = 'Show the skiff version information';
  static override usage = 'version [OPTIONS]';
  static override examples = ['skiff version', "skiff version --format '{{.Client.Version}}'"];
  static override maxArgs = 0;
  static override flags = {
    format: flag.string({ char: 'f', description: "Format output using a custom template: 'json' or a Go template" }),
  };

  async run({ ctx, flags, io }: Parsed<typeof Version.flags>): Promise<number | undefined> {
    const info = describeVersion(ctx, { version, commit });
    if (flags.format === undefined) io.out(textOf(info));
    else {
      const { renderTemplate } = await import('../render/template.ts');
      io.out(`${renderTemplate(flags.format === 'json' ? '{{json .}}' : flags.format, info)}\n`);
    }
    return 0;
  }
}

function textOf({ Client, Server }: VersionInfo): string {
  const client: [string, string][] = [
    ['Version', Client.Version],
    ['API version', Client.ApiVersion],
    ['Bun version', Client.BunVersion],
    ['Git commit', Client.GitCommit],
    ['OS/Arch', `${Client.Os}/${Client.Arch}`],
    ['Context', Client.Context],
  ];
  const engine: [string, string][] = [
    ['Version', Server.Version],
    ['API version', `${Server.ApiVersion} (minimum version ${Server.MinAPIVersion})`],
    ['Git commit', Server.GitCommit],
    ['OS/Arch', `${Server.Os}/${Server.Arch}`],
    ['Kernel version', Server.KernelVersion],
  ];
  const rest = Server.Components.slice(1).map(({ Name, Version }) => ` ${Name}:\n${lines([['Version', Version]], 2)}`);
  return `Client:\n${lines(client, 1)}\nServer: ${Server.Platform.Name}\n Engine:\n${lines(engine, 2)}${rest.join('')}`;
}

function lines(pairs: [string, string][], indent: number): string {
  return pairs.map(([name, value]) => `${' '.repeat(indent)}${`${name}:`.padEnd(20 - indent)}${value}\n`).join('');
}
