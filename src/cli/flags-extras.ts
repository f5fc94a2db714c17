// The flags of `run` and `create` beyond Docker's: podman's --secret, --tz and --replace, and our own --publish-fallback.
import type { ContainerExtras, SecretUse } from '../engine/create/options.ts';
import { parseSecret } from '../engine/create/secret-spec.ts';
import { EngineError } from '../sys/errors.ts';
import { type FlagValues, flag, type ListFlag } from './flag.ts';

const secret: ListFlag<SecretUse> = {
  type: 'option',
  multiple: true,
  default: [],
  helpValue: 'secret',
  description: 'Show a secret to the container (NAME[,type=mount|env], and after more commas target=, uid=, gid= and mode=)',
  parse: parseSecret,
};

export const extraFlags = {
  'publish-fallback': flag.boolean({ description: 'Publish on a free port above 1023 what would need a privileged one' }),
  replace: flag.boolean({ description: 'Remove the container that has the name, if there is one, once this one is made' }),
  secret,
  tz: flag.string({ description: "Time zone in the container (such as Europe/Berlin, or 'local' for the host's)" }),
};

/** Their part of the create request beside `replace`. Throws ERR_BAD_OPTION (exit code 125). */
export function namedExtras(flags: FlagValues<typeof extraFlags>, name: string | undefined): ContainerExtras {
  if (flags.replace && !name) {
    throw new EngineError('ERR_BAD_OPTION', 'Cannot replace a container without --name being set', {
      hint: 'Say which one: --name NAME',
      exitCode: 125,
    });
  }
  return {
    ...(flags.secret.length ? { Secrets: flags.secret } : {}),
    ...(flags.tz ? { Timezone: flags.tz } : {}),
    ...(flags['publish-fallback'] ? { PublishFallback: true } : {}),
  };
}
