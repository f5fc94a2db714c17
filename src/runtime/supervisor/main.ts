import { EngineError } from '../../sys/errors.ts';

export async function main(_args: string[]): Promise<number> {
  throw new EngineError('ERR_INTERNAL', 'The supervisor is not part of this build');
}
