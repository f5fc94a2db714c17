// The error for a source that is not there: in BuildKit's words, with what the user most probably did: a name misspelt, a line of the ignore
// file that hides it, a path or a symlink that leads out of the context.

import { shown } from '../../../storage/layer-path.ts';
import { find, isFolder, join, namesInAll } from '../../../storage/stacked-tree.ts';
import { readLinkAt } from '../../../sys/at.ts';
import { EngineError } from '../../../sys/errors.ts';
import { kindOf } from '../../../sys/look-at.ts';
import { cleanPath } from '../context/clean-path.ts';
import { nearest } from '../context/nearest.ts';
import { partsOf, rootOf, type SourceTree, step } from './source-tree.ts';

/** `path`: byte string; `source`: as written. */
export function notFound(tree: SourceTree, path: string, { source, fromName }: { source: string; fromName: string }): EngineError {
  const message = `failed to compute cache key: failed to calculate checksum of ref ${fromName}: "/${shown(path)}": not found`;
  return new EngineError('ERR_NOT_FOUND', message, { hint: reason(tree, path, { source, fromName }) });
}

function reason(tree: SourceTree, path: string, { source, fromName }: { source: string; fromName: string }): string {
  if (tree.isContext && cleanPath(source).startsWith('../'))
    return `"${source}" leads out of the build context: give a folder above as the context, or name the other one with --build-context`;
  let here = rootOf(tree);
  for (const part of partsOf(path)) {
    const real = isFolder(here.found.stat) ? find(here.found.stack, part) : undefined;
    const full = join(here.path, part);
    if (!real) return nearby(tree, here.path, { part, names: isFolder(here.found.stat) ? namesInAll(here.found.stack) : [] });
    const next = step(tree, here, part);
    if (!next) return hidden(tree, full);
    if (kindOf(next.found.stat) === 'symlink') {
      const target = shown(readLinkAt(next.found.folder.fd, join(next.found.folder.path, next.found.name)));
      const isOut = target.startsWith('/') || cleanPath(`${here.path}/${target}`).startsWith('..');
      const where = isOut && tree.isContext ? 'leads out of the build context: what it means is not in it' : 'leads to what is not there';
      return `"${shown(full)}" is a symlink to "${target}", which ${where}`;
    }
    here = next;
  }
  return hidden(tree, path) || `Look at what is in ${fromName}`;
}

function hidden(tree: SourceTree, path: string): string {
  const pattern = tree.matcher?.decisive(path);
  if (!pattern) return '';
  return `"${shown(path)}" is there, but ${tree.ignoreFile}:${pattern.line} hides it ("${pattern.text}"): add the line "!${shown(path)}" behind it`;
}

function nearby(tree: SourceTree, folder: string, { part, names }: { part: string; names: string[] }): string {
  const where = folder === '' ? (tree.isContext ? 'The build context' : 'Its root') : `"${shown(folder)}"`;
  if (names.length === 0) return `${where} ${folder === '' ? 'is empty' : 'is no folder, or is empty'}`;
  const close = nearest(shown(part), names.map(shown));
  if (close.length > 0) return `Did you mean ${close.map((name) => `"${join(shown(folder), name)}"`).join(' or ')}?`;
  const some = names.slice(0, 5).map((name) => `"${shown(name)}"`);
  return `${where} has ${some.join(', ')}${names.length > some.length ? ` and ${names.length - some.length} more` : ''}`;
}
