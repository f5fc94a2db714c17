// `--build-context NAME=VALUE`: a folder, a git repository, an archive from a URL, an image of a registry or of the store, one of an OCI layout.
import type { Ctx } from '../../../sys/context.ts';
import { EngineError } from '../../../sys/errors.ts';
import type { BuildCalls, NamedContext } from '../model.ts';
import { readIgnore } from './dockerfile-text.ts';
import { folderAt } from './folder.ts';
import { placeOf } from './kind.ts';

export interface ResolvedName {
  context: NamedContext;
  remove(): void;
}

const nothing = (): void => undefined;

/** Throws ERR_BUILD_CONTEXT and what fetching throws. */
export async function resolveNamed(ctx: Ctx, name: string, value: string, calls: BuildCalls): Promise<ResolvedName> {
  const [, scheme, rest = ''] = /^(docker-image|oci-layout|target|input):(?:\/\/)?(.*)$/.exec(value) ?? [];
  if (scheme === 'docker-image') return { context: { kind: 'image', reference: required(name, value, rest) }, remove: nothing };
  if (scheme === 'target' || scheme === 'input') return { context: { kind: 'stage', name: required(name, value, rest) }, remove: nothing };
  if (scheme === 'oci-layout') {
    const { imageOfLayout } = await import('./oci-layout.ts');
    return { context: { kind: 'image', reference: await imageOfLayout(ctx, required(name, value, rest), calls) }, remove: nothing };
  }
  const place = placeOf(value);
  if (place.kind === 'stdin') {
    throw new EngineError('ERR_BUILD_CONTEXT', `invalid build context "${name}=-": only the main context can come by standard input`);
  }
  if (place.kind === 'folder') {
    const folder = folderAt(place.path, `build context "${name}"`);
    return { context: { kind: 'folder', context: { folder, ignore: readIgnore(folder, undefined) } }, remove: nothing };
  }
  const { contextFromGit, contextFromUrl } = await import('./fetch.ts');
  const fetched =
    place.kind === 'git'
      ? await contextFromGit(ctx, place.source, { ...calls, keepGitDir: false })
      : await contextFromUrl(ctx, place.url, calls);
  if (fetched.folder === undefined) {
    fetched.remove();
    throw new EngineError('ERR_BUILD_CONTEXT', `invalid build context "${name}": what its URL serves is no tar archive`);
  }
  return { context: { kind: 'folder', context: { folder: fetched.folder, ignore: undefined } }, remove: fetched.remove };
}

function required(name: string, value: string, rest: string): string {
  if (rest !== '') return rest;
  throw new EngineError('ERR_BUILD_CONTEXT', `invalid build context "${name}=${value}": nothing follows the scheme`, {
    hint: 'For instance: --build-context base=docker-image://alpine:3.20',
  });
}
