// `skiff bake`: builds what bake files define; `--print` and `--list` show it on standard output, progress goes to standard error.

import { progressMode } from '../cli/build-progress.ts';
import { Command, type Parsed } from '../cli/command.ts';
import { bakeFlags } from '../cli/flags-bake.ts';
import { wantedCall } from '../cli/flags-build.ts';
import { buildLock } from '../cli/flags-lock.ts';
import { readInput } from '../cli/read-input.ts';
import { runBake } from '../cli/run-bake.ts';
import { readDefinition } from '../engine/bake/definition.ts';
import { readBakeFiles } from '../engine/bake/files.ts';
import type { BakeDefinition } from '../engine/bake/model.ts';
import { parseOverride } from '../engine/bake/overrides.ts';
import { planBake } from '../engine/bake/plan.ts';
import { printedPlan } from '../engine/bake/print.ts';
import type { BakeCommon } from '../engine/bake/request.ts';
import type { AttestSpec } from '../engine/build/options/attest.ts';
import { type ListedTarget, targetList, variableList } from '../render/bake-list.ts';
import { EngineError } from '../sys/errors.ts';

const LARGEST_INPUT = 16 * 1024 * 1024;

export default class Bake extends Command {
  static override description = 'Build from a file';
  static override usage = 'bake [OPTIONS] [TARGET...]';
  static override aliases = ['buildx:bake', 'buildx:f'];
  static override examples = [
    'skiff bake',
    'skiff bake -f docker-bake.hcl release --push',
    'skiff bake --set *.platform=linux/arm64 --set app.args.VERSION=2 app',
    'skiff bake --print --var TAG=v1',
  ];
  static override flags = bakeFlags;

  async run({ ctx, flags, args, io }: Parsed<typeof Bake.flags>): Promise<number | undefined> {
    const remote = args.find((name) => /^[a-z]+:\/\/|^git@/.test(name));
    if (remote !== undefined) {
      throw new EngineError('ERR_BAKE_FILE', `Cannot bake "${remote}": definitions are read from files here, not from a URL`, {
        hint: 'Clone it first; a target may have a URL as its context',
      });
    }
    const files = await readBakeFiles(flags.file, async () => (await readInput(LARGEST_INPUT)).toString());
    const definition = await readDefinition(ctx, files, Object.fromEntries(flags.var));
    if (flags.list) {
      const { what, isJson } = flags.list;
      io.out(what === 'targets' ? targetList(listedTargets(definition), isJson) : variableList(definition.variables, isJson));
      return 0;
    }
    const overrides = [...flags.set, ...shortOverrides(flags).map(parseOverride)];
    const plan = planBake(definition, { names: args, overrides, env: ctx.env });
    if (flags.print) {
      io.out(printedPlan(plan));
      return 0;
    }
    const common: BakeCommon = {
      allow: flags.allow.flatMap((text) => text.split(',')),
      jobs: flags.jobs,
      explain: flags.explain,
      lock: buildLock(flags),
      tlsVerify: flags['tls-verify'] !== 'false',
    };
    const call = wantedCall(flags);
    if (call.method !== 'build' || plan.targets.some(({ fields }) => (fields.call ?? 'build') !== 'build')) {
      const { inspectBake } = await import('../cli/inspect-bake.ts');
      return await inspectBake(ctx, plan, { io, call, common });
    }
    await runBake(ctx, plan, {
      io,
      mode: progressMode(ctx, io, { progress: flags.progress, quiet: false }),
      common,
      metadataFile: flags['metadata-file'],
    });
    return 0;
  }
}

function listedTargets({ targets, groups }: BakeDefinition): ListedTarget[] {
  const listed = [
    ...[...groups.values()].map(({ name, description = '', targets: members }) => ({ name, description, targets: members })),
    ...[...targets.values()]
      .filter(({ name }) => !groups.has(name))
      .map(({ name, fields }) => ({ name, description: fields.description ?? '' })),
  ];
  return listed.sort((a, b) => (a.name < b.name ? -1 : 1));
}

interface ShortFlags {
  load: boolean;
  push: boolean;
  'no-cache': boolean;
  pull: boolean;
  sbom: AttestSpec | undefined;
  provenance: AttestSpec | undefined;
}

/** As if they were given by --set, for every target. */
function shortOverrides(flags: ShortFlags): string[] {
  const switches = (['push', 'load', 'no-cache', 'pull'] as const).filter((name) => flags[name]).map((name) => `*.${name}=true`);
  const statements = [flags.sbom, flags.provenance].filter((spec) => spec !== undefined);
  return [...switches, ...statements.map(({ kind, attributes }) => `*.attest+=${attestText(kind, attributes)}`)];
}

function attestText(kind: string, attributes: Record<string, string> | undefined): string {
  const fields = Object.entries(attributes ?? { disabled: 'true' }).map(([name, value]) => `"${name}=${value.replaceAll('"', '""')}"`);
  return [`type=${kind}`, ...fields].join(',');
}
