// `--group-add`: groups that a container's processes are in besides those of their user, by number or by a name of the image's /etc/group.
// Trap: only groups that the user namespace maps can be joined; `keep-groups` keeps the caller's own, which it does not map.
import { EngineError } from '../../sys/errors.ts';
import type { RootView } from './inside.ts';
import { groupNumber } from './user.ts';

export const KEEP_GROUPS = 'keep-groups';

/** crun's word for it: setgroups(2) is not called. */
export const KEEP_GROUPS_ANNOTATION = { 'run.oci.keep_original_groups': '1' };

/** Numbers of the groups. Throws ERR_USER_NOT_FOUND and ERR_ID_NOT_MAPPED (125) when there are no ids from 0 to `mappedGids` - 1 for them. */
export function addedGroups(view: RootView, groups: readonly string[] = [], mappedGids = Number.POSITIVE_INFINITY): number[] {
  const numbers = groups.filter((group) => group !== KEEP_GROUPS).map((group) => groupNumber(view, group));
  const unmapped = numbers.find((gid) => gid >= mappedGids);
  if (unmapped === undefined) return numbers;
  throw new EngineError(
    'ERR_ID_NOT_MAPPED',
    `Cannot add the group ${unmapped}: this user namespace has ${mappedGids === 1 ? 'one id' : `ids 0 to ${mappedGids - 1}`} only`,
    {
      hint: `Give yourself a larger range in /etc/subgid (see "skiff info"), or keep your own groups with --group-add ${KEEP_GROUPS}`,
      exitCode: 125,
    },
  );
}
