import { EngineError } from '../sys/errors.ts';

export async function main(): Promise<number> {
  throw new EngineError('ERR_INTERNAL', 'The worker is not part of this build');
}
