// `skiff manifest rm`
import { Command, type Parsed } from '../../cli/command.ts';
import { forEachName } from '../../cli/each.ts';
import { removeList } from '../../engine/manifest-list.ts';

export default class ManifestRm extends Command {
  static override description = 'Delete one or more manifest lists from local storage';
  static override usage = 'manifest rm MANIFEST_LIST [MANIFEST_LIST...]';
  static override examples = ['skiff manifest rm registry.example.com/app:1.2'];
  static override minArgs = 1;

  async run({ ctx, args, io }: Parsed): Promise<number | undefined> {
    return forEachName({ ctx, args, io }, async (name) => {
      removeList(ctx, name);
      return undefined;
    });
  }
}
