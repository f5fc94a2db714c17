// Errors of a bake file: `FILE:LINE:COLUMN: Sentence`. The one place where they are made.
import { EngineError } from '../../../sys/errors.ts';
import type { At } from './ast.ts';

export function problem(at: At | undefined, message: string, hint?: string): EngineError {
  const place = at ? `${at.file}:${at.line}:${at.column}: ` : '';
  return new EngineError('ERR_BAKE_FILE', `${place}${message}`, hint === undefined ? {} : { hint });
}
