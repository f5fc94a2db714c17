// The flags that every prune command has.
import { flag } from './flag.ts';

export const pruneFlags = {
  'dry-run': flag.boolean({ description: 'Tell what would be removed, and remove nothing' }),
  filter: flag.list({ helpValue: 'filter', description: 'Provide filter values (e.g. "until=<timestamp>", "label=<key>[=<value>]")' }),
  force: flag.boolean({ char: 'f', description: 'Do not prompt for confirmation' }),
};
