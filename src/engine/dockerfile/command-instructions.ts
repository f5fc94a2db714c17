// RUN, CMD and ENTRYPOINT: exec or shell form; RUN's flags. Values of --mount are read here only to see that they can be.
import type { CommandLine, Instruction } from './ast.ts';
import { readFlags } from './flags.ts';
import { type InstructionLine, noFlags } from './instruction-line.ts';
import { jsonWords } from './json-form.ts';
import { DockerfileProblem, didYouMean } from './problem.ts';
import { checkRunMount } from './run-mount.ts';

const NETWORKS = ['default', 'none', 'host'];
const SECURITIES = ['sandbox', 'insecure'];

export function readCommand(line: InstructionLine): Instruction {
  noFlags(line);
  return { ...line.common, kind: line.keyword === 'CMD' ? 'cmd' : 'entrypoint', command: commandOf(line) };
}

export function readRun(line: InstructionLine): Instruction {
  const flags = readFlags(line.rawFlags, { mount: 'texts', network: 'text', security: 'text', device: 'texts' });
  const mounts = flags.texts('mount');
  for (const { value, at } of mounts) checkRunMount(value, at);
  const network = flags.text('network');
  if (network !== undefined && !NETWORKS.includes(network.toLowerCase())) {
    throw new DockerfileProblem(`invalid network mode ${JSON.stringify(network)}${didYouMean(network, NETWORKS)}`, {
      at: flags.at('network'),
    });
  }
  const security = flags.text('security');
  if (security !== undefined && !SECURITIES.includes(security)) {
    throw new DockerfileProblem(`security ${JSON.stringify(security)} is not valid${didYouMean(security, SECURITIES)}`, {
      at: flags.at('security'),
    });
  }
  const command = commandOf(line);
  if (command.form === 'exec' && command.words.length === 0) throw new DockerfileProblem('RUN requires at least one argument');
  return {
    ...line.common,
    kind: 'run',
    command,
    heredocs: line.heredocs,
    mounts: mounts.map(({ value }) => value),
    network: network?.toLowerCase(),
    security,
    devices: flags.texts('device').map(({ value }) => value),
  };
}

function commandOf({ rest }: InstructionLine): CommandLine {
  const words = jsonWords(rest);
  return words ? { form: 'exec', words } : { form: 'shell', line: rest };
}
