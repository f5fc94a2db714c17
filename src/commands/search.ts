// `skiff search`: Docker Hub, or the registry before the first slash.
import { Command, flag, type Parsed } from '../cli/command.ts';
import { interruptible } from '../cli/interruptible.ts';
import { searchImages } from '../engine/search.ts';
import { renderSearch } from '../render/search.ts';

const DEFAULT_LIMIT = 25;

export default class Search extends Command {
  static override description = 'Search Docker Hub, or another registry, for images';
  static override usage = 'search [OPTIONS] TERM';
  static override examples = [
    'skiff search nginx',
    'skiff search --filter is-official=true --limit 5 python',
    'skiff search localhost:5000/app',
  ];
  static override minArgs = 1;
  static override maxArgs = 1;
  static override flags = {
    filter: flag.list({ char: 'f', helpValue: 'filter', description: 'Filter output based on conditions provided' }),
    format: flag.string({ description: 'Pretty-print search using a Go template' }),
    limit: flag.integer({ description: 'Max number of search results', default: DEFAULT_LIMIT }),
    'no-trunc': flag.boolean({ description: "Don't truncate output" }),
    'tls-verify': flag.string({
      description: 'Require HTTPS and verify certificates; =false also allows HTTP',
      options: ['true', 'false'],
      bareValue: 'true',
      helpValue: 'bool',
    }),
  };

  async run({ ctx, flags, args: [term = ''], io }: Parsed<typeof Search.flags>): Promise<number | undefined> {
    const tlsVerify = flags['tls-verify'] === undefined ? undefined : flags['tls-verify'] !== 'false';
    const found = await interruptible((signal) =>
      searchImages(ctx, { term, limit: flags.limit, filters: flags.filter, tlsVerify, signal }),
    );
    io.out(await renderSearch(found, { noTrunc: flags['no-trunc'], format: flags.format }));
    return undefined;
  }
}
