// Where `image copy` reads and writes: the local store by plain name, or a transport and what it needs, as skopeo spells them.
// Trap: a path has no colon, for what follows one is the image's name in the archive.
import { parseReference } from '../oci/reference.ts';
import { EngineError } from '../sys/errors.ts';

export type ImagePlace =
  | { kind: 'store'; name: string }
  | { kind: 'registry'; reference: string }
  | { kind: 'docker-archive' | 'oci-archive' | 'oci'; path: string; name: string | undefined }
  | { kind: 'dir'; path: string }
  | { kind: 'containers-storage'; name: string }
  | { kind: 'docker-daemon'; name: string };

const OTHERS = new Set(['atomic', 'ostree', 'sif', 'tarball', 'oci-dir']);

/** Throws ERR_BAD_PLACE, ERR_BAD_REFERENCE. */
export function parseImagePlace(text: string): ImagePlace {
  const [, transport = '', rest = ''] = /^([a-z-]+):(.*)$/s.exec(text) ?? [];
  switch (transport) {
    case 'docker':
      if (!rest.startsWith('//')) break;
      parseReference(rest.slice(2));
      return { kind: 'registry', reference: rest.slice(2) };
    case 'docker-archive':
    case 'oci-archive':
    case 'oci': {
      const colon = rest.indexOf(':');
      const path = colon < 0 ? rest : rest.slice(0, colon);
      const name = colon < 0 ? undefined : rest.slice(colon + 1);
      if (path === '' || name === '') throw bad(text, `${transport}:PATH[:NAME]`);
      return { kind: transport, path, name };
    }
    case 'dir':
      if (rest === '') throw bad(text, 'dir:PATH');
      return { kind: 'dir', path: rest };
    case 'containers-storage':
    case 'docker-daemon':
      if (rest === '' || rest.startsWith('-')) throw bad(text, `${transport}:NAME`);
      return { kind: transport, name: rest };
    default:
      if (!OTHERS.has(transport)) break;
      throw new EngineError('ERR_BAD_PLACE', `The transport "${transport}" of "${text}" is not supported`, {
        hint: 'There are docker-archive:, oci-archive:, oci:, dir:, docker://, containers-storage:, docker-daemon:, and plain names for the local store',
      });
  }
  if (text === '') throw bad(text, 'NAME');
  return { kind: 'store', name: text };
}

function bad(text: string, form: string): EngineError {
  return new EngineError('ERR_BAD_PLACE', `invalid image place "${text}": expected ${form}`);
}
