// The flags of `bake`, those of docker buildx bake; what a build has in common with it is in flags-build.ts.
import { type Override, parseOverride } from '../engine/bake/overrides.ts';
import { flag, type ListFlag } from './flag.ts';
import { commonBuildFlags } from './flags-build.ts';

const overrides: ListFlag<Override> = {
  type: 'option',
  multiple: true,
  default: [],
  helpValue: 'list',
  description: 'Override target value (e.g., "targetpattern.key=value")',
  parse: parseOverride,
};

function variable(text: string): [name: string, value: string] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new Error('expected NAME=value');
  return [text.slice(0, equals), text.slice(equals + 1)];
}

const variables: ListFlag<[string, string]> = {
  type: 'option',
  multiple: true,
  default: [],
  helpValue: 'list',
  description: 'Set a variable value (e.g., "name=value")',
  parse: variable,
};

export const bakeFlags = {
  ...commonBuildFlags,
  allow: flag.list({
    description: 'Allow targets an entitlement ("network.host", "security.insecure"); files are your own, so fs.* needs none',
  }),
  file: flag.list({ char: 'f', description: 'Build definition file; "-" reads standard input' }),
  list: flag.custom({
    description: 'List targets or variables',
    parse: (text) => {
      const [what = '', ...more] = text.replace(/^type=/, '').split(',');
      if (what !== 'targets' && what !== 'variables') throw new Error('must be "targets" or "variables"');
      if (more.some((field) => field !== 'format=json' && field !== 'format=table'))
        throw new Error('its options are format=json and format=table');
      return { what, isJson: more.includes('format=json') } as const;
    },
  }),
  print: flag.boolean({ description: 'Print the options without building' }),
  pull: flag.boolean({ description: 'Always attempt to pull all referenced images' }),
  set: overrides,
  var: variables,
};
