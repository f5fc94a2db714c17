// `skiff completion SHELL`: prints the script that makes a shell complete skiff's commands, flags, and container and image names.
import { Command, type Parsed } from '../cli/command.ts';
import { fishCompletion } from '../cli/completion/fish.ts';
import { type CompletionModel, completionModel } from '../cli/completion/model.ts';
import { bashCompletion, zshCompletion } from '../cli/completion/posix.ts';
import { EngineError } from '../sys/errors.ts';

const SHELLS: Record<string, (model: CompletionModel) => string> = { bash: bashCompletion, fish: fishCompletion, zsh: zshCompletion };

export default class Completion extends Command {
  static override description = 'Generate the autocompletion script for a shell (bash, fish or zsh)';
  static override usage = 'completion bash|fish|zsh';
  static override examples = ['source <(skiff completion bash)', 'skiff completion fish | source'];
  static override minArgs = 1;
  static override maxArgs = 1;

  async run({ args: [shell = ''], io }: Parsed): Promise<number | undefined> {
    const write = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
    if (!write) {
      throw new EngineError('ERR_UNKNOWN_SHELL', `Cannot write a completion script for "${shell}"`, {
        hint: `Choose one of: ${Object.keys(SHELLS).join(', ')}`,
      });
    }
    io.out(write(completionModel()));
    return undefined;
  }
}
