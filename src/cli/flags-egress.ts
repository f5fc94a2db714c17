// `--egress` of `run` and `create`: what the container may reach outside. What a rule may be is the engine's to say.
import type { HostConfig } from '../engine/create/options.ts';
import type { FlagValues, ListFlag } from './flag.ts';

const egress: ListFlag<string> = {
  helpValue: 'rule',
  description: "Outbound policy: 'deny=*', 'allow=example.com:443' or 'allow=*.example.org,10.0.0.0/8'; the last rule that matches decides",
  type: 'option',
  multiple: true,
  default: [],
  parse: (text) => text,
};

export const egressFlags = { egress };

/** Absent: everything may be reached. */
export function egressOptions({ egress: rules }: FlagValues<typeof egressFlags>): Pick<HostConfig, 'Egress'> {
  return rules.length > 0 ? { Egress: rules } : {};
}
