// What went wrong with an archive, as one sentence that names it. Below, the same code reads layers that a registry sent: its sentences speak
// of layers and its hints of pulling, which is not what somebody needs who has a file.
import { EngineError } from '../../sys/errors.ts';

const HINT = 'The archive is damaged: copy or save it again';
const FAULTS = new Set(['ERR_DIGEST_MISMATCH', 'ERR_SIZE_MISMATCH', 'ERR_LAYER_CORRUPT', 'ERR_LAYER_TRUNCATED', 'ERR_BLOB_DAMAGED']);

/** Anything else than a fault of the archive is returned as it is. `name` is what the user called the archive. */
export function explainArchive(error: unknown, name: string, verb: 'load' | 'import' | 'unpack' = 'load'): unknown {
  if (!(error instanceof EngineError)) return error;
  const { code, message, hint, exitCode, cause } = error;
  const rest = { exitCode, cause };
  if (code === 'ERR_LAYER_TRUNCATED') {
    return new EngineError('ERR_ARCHIVE_TRUNCATED', `Cannot ${verb} "${name}": unexpected EOF, the archive is cut short`, {
      ...rest,
      hint: 'Copy or save it again',
    });
  }
  if (code === 'ERR_ARCHIVE')
    return new EngineError('ERR_ARCHIVE', `Cannot ${verb} "${name}": ${message}`, { ...rest, ...(hint ? { hint } : {}) });
  // Missing programs are told of in the words of `run`, which ends with another code.
  if (code === 'ERR_NO_PROGRAM') return new EngineError(code, message, { ...(hint ? { hint } : {}), cause });
  if (FAULTS.has(code)) return new EngineError(code, `Cannot ${verb} "${name}": ${lowerFirst(message)}`, { ...rest, hint: HINT });
  return error;
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
