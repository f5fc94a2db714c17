// Names in an archive that is unpacked into a tree which is there already: where an entry goes, below the place. Text alone.
import { EngineError } from '../sys/errors.ts';
import { layerPath, shown } from './layer-path.ts';

/** The first component of every name is replaced by `to`; `from` is `.` where the names have none in common. */
export interface Rename {
  from: string;
  to: string;
}

/** The path below the place for `name`, which the entry `of` gives; '' for the place itself. Throws ERR_COPY_ESCAPE, ERR_ARCHIVE. */
export function namedPath(name: string, of: string, rename: Rename | undefined): string {
  const path = insidePath(name, of);
  if (!rename) return path;
  if (rename.from === '.') return path === '' ? rename.to : `${rename.to}/${path}`;
  const slash = path.indexOf('/');
  return slash < 0 ? rename.to : rename.to + path.slice(slash);
}

function insidePath(name: string, of: string): string {
  try {
    return layerPath(name, of);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const entry = shown(of).slice(0, 200);
    if (error.code !== 'ERR_LAYER_ESCAPE')
      throw new EngineError('ERR_ARCHIVE', `Refused the archive: the name of its entry "${entry}" is no path`);
    throw new EngineError('ERR_COPY_ESCAPE', `Refused the archive: its entry "${entry}" leads out of the place it is unpacked to`);
  }
}
