// `skiff build`: progress on standard error; with -q the image's id, alone, on standard output.

import { progressMode } from '../cli/build-progress.ts';
import { buildRequest } from '../cli/build-request.ts';
import { Command, type Parsed } from '../cli/command.ts';
import { buildFlags, wantedCall } from '../cli/flags-build.ts';
import { runBuild } from '../cli/run-build.ts';

export default class Build extends Command {
  static override description = 'Build an image from a Dockerfile';
  static override usage = 'build [OPTIONS] PATH | URL | -';
  static override aliases = ['builder:build', 'buildx:b', 'buildx:build', 'image:build'];
  static override examples = [
    'skiff build -t web .',
    'skiff build -f api/Dockerfile --target test --build-arg VERSION=2 .',
    'skiff build --check .',
    'skiff build --secret id=token,env=TOKEN --explain .',
    'skiff build --output type=local,dest=out https://github.com/owner/repo.git#main:app',
  ];
  static override minArgs = 1;
  static override maxArgs = 1;
  static override flags = buildFlags;

  async run({ ctx, flags, args: [context = ''], io }: Parsed<typeof Build.flags>): Promise<number | undefined> {
    const mode = progressMode(ctx, io, flags);
    const { method, format } = wantedCall(flags);
    const prepared = await buildRequest(ctx, context, flags);
    try {
      if (method !== 'build') {
        const { showInspection } = await import('../cli/inspect-build.ts');
        return await showInspection(ctx, prepared.request, { io, call: { method, format } });
      }
      const { result, exitCode } = await runBuild(ctx, prepared.request, {
        io,
        mode,
        files: { iidfile: flags.iidfile, metadataFile: flags['metadata-file'] },
      });
      if (flags.quiet && result) io.out(`${result.id ?? ''}\n`);
      return exitCode;
    } finally {
      prepared.close();
    }
  }
}
