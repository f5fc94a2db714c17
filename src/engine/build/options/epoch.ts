// SOURCE_DATE_EPOCH: the time that a reproducible build puts in the place of now. A build argument of that name stands before the variable.
import type { Ctx } from '../../../sys/context.ts';
import { EngineError } from '../../../sys/errors.ts';

const NAME = 'SOURCE_DATE_EPOCH';

/** `args`: what the variable adds to the build's arguments. Throws ERR_BAD_EPOCH. */
export function epochOf(
  { env }: Pick<Ctx, 'env'>,
  buildArgs: Readonly<Record<string, string>>,
): { seconds: number | undefined; args: Record<string, string> } {
  const text = buildArgs[NAME] ?? env[NAME] ?? '';
  if (text === '') return { seconds: undefined, args: {} };
  if (!/^\d{1,12}$/.test(text)) {
    throw new EngineError('ERR_BAD_EPOCH', `invalid SOURCE_DATE_EPOCH: "${text}"`, { hint: 'It is a number of seconds since 1970' });
  }
  return { seconds: Number(text), args: { [NAME]: text } };
}
