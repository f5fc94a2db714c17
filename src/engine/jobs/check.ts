// `system check`, as root of the user's namespace, because layers hold files that only it may read. In an order in which a repair shows
// in what follows: contents, then what refers to them, then what nothing refers to.
import type { CheckedLine, CheckJob, CheckReport } from '../../runtime/messages-work.ts';
import { checkContainers, checkSecrets, checkVolumes, findTraces } from '../../storage/check-containers.ts';
import { checkBlobs, checkLayers } from '../../storage/check-content.ts';
import { checkImages, checkReferences } from '../../storage/check-images.ts';
import { removeDeadClaims } from '../../storage/claim.ts';
import { layersUsed, listContainers } from '../../storage/container.ts';
import { type CheckResult, type Finding, leftover, merged } from '../../storage/finding.ts';
import { findGarbage } from '../../storage/garbage.ts';
import { readImageRecords } from '../../storage/image-record.ts';
import { sweep } from '../../storage/sweep.ts';
import type { Ctx } from '../../sys/context.ts';
import { messageOf } from '../../sys/errors.ts';

export async function check(ctx: Ctx, { repair, quick }: CheckJob): Promise<CheckReport> {
  const needed = neededLayers(ctx);
  const steps: (() => CheckResult)[] = [
    ...(quick ? [] : [() => checkBlobs(ctx), () => checkLayers(ctx, (diffId) => needed.has(diffId))]),
    () => checkImages(ctx),
    () => checkReferences(ctx),
    () => checkContainers(ctx),
    () => checkVolumes(ctx),
    () => checkSecrets(ctx),
    () => ({ checked: 0, findings: findTraces(ctx) }),
    () => garbage(ctx),
  ];
  const report: CheckReport = { checked: 0, lines: [] };
  for (const step of steps) {
    const { checked, findings } = merged([step()]);
    report.checked += checked;
    for (const finding of findings) report.lines.push(settle(finding, repair));
  }
  // Of a command that died before it made anything only its claim is left: an empty file, not worth a line.
  if (repair) removeDeadClaims(ctx);
  return report;
}

function settle({ kind, object, what, repair }: Finding, wanted: boolean): CheckedLine {
  const line = { kind, object, what };
  if (!wanted || !repair) return line;
  try {
    return { ...line, repaired: repair() };
  } catch (error) {
    return { ...line, what: `${what}; cannot repair it: ${messageOf(error)}` };
  }
}

function neededLayers(ctx: Ctx): Set<string> {
  return new Set([
    ...readImageRecords(ctx).flatMap((image) => image.layers.map((layer) => layer.diffId)),
    ...listContainers(ctx).flatMap(({ record }) => layersUsed(record)),
  ]);
}

// The first repair sweeps everything there is; the others find it gone.
function garbage(ctx: Ctx): CheckResult {
  const { blobs, layers, leftovers } = findGarbage(ctx, { thorough: true });
  const clean = (): string => {
    sweep(ctx, { thorough: true });
    return 'swept';
  };
  const objects = [
    ...blobs.map((digest) => `blob ${digest}`),
    ...layers.map((diffId) => `layer ${diffId}`),
    ...leftovers.map((name) => `tmp/${name}`),
  ];
  return { checked: 0, findings: objects.map((object) => leftover(object, clean)) };
}
