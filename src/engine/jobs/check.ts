// `system check`, as root of the user's namespace, because layers hold files that only it may read. In an order in which a repair shows
// in what follows: contents, then what refers to them, then what nothing refers to.
import type { CheckedLine, CheckJob, CheckReport } from '../../runtime/messages-work.ts';
import { hasBlob } from '../../storage/blob.ts';
import { readCacheRecords } from '../../storage/build-cache.ts';
import { checkBuildCache } from '../../storage/check-build-cache.ts';
import { checkContainers, checkSecrets, checkVolumes, findTraces } from '../../storage/check-containers.ts';
import { checkBlobs, checkLayers } from '../../storage/check-content.ts';
import { checkImages, checkReferences } from '../../storage/check-images.ts';
import { checkNetworks, findNetworkTraces } from '../../storage/check-networks.ts';
import { removeDeadClaims } from '../../storage/claim.ts';
import { layersUsed, listContainers } from '../../storage/container.ts';
import { type CheckResult, type Finding, leftover, merged } from '../../storage/finding.ts';
import { findGarbage } from '../../storage/garbage.ts';
import { readImageRecords } from '../../storage/image-record.ts';
import { readLayer } from '../../storage/layer.ts';
import { sweep } from '../../storage/sweep.ts';
import type { Ctx } from '../../sys/context.ts';
import { messageOf } from '../../sys/errors.ts';
import { RESTORED, restoreImages } from './restore-images.ts';
import type { JobTools } from './tools.ts';

export async function check(ctx: Ctx, { repair, quick }: CheckJob, { signal }: Pick<JobTools, 'signal'>): Promise<CheckReport> {
  const needed = neededLayers(ctx);
  const contents = quick ? [] : [() => checkBlobs(ctx), () => checkLayers(ctx, (diffId) => needed.has(diffId))];
  const relations = [
    () => checkImages(ctx),
    () => checkReferences(ctx),
    () => checkContainers(ctx),
    () => checkVolumes(ctx),
    () => checkSecrets(ctx),
    () => checkNetworks(ctx),
    () => checkBuildCache(ctx),
    () => ({ checked: 0, findings: [...findTraces(ctx), ...findNetworkTraces(ctx)] }),
    () => garbage(ctx),
  ];
  const report: CheckReport = { checked: 0, lines: [] };
  const run = (steps: readonly (() => CheckResult)[]): void => {
    for (const step of steps) {
      const { checked, findings } = merged([step()]);
      report.checked += checked;
      for (const finding of findings) report.lines.push(settle(finding, repair));
    }
  };
  run(contents);
  const problems = repair ? await fetchAgain(ctx, report, signal) : new Map<string, string>();
  run(relations);
  for (const line of report.lines)
    for (const [part, why] of problems) if (line.what.includes(`${part} is missing`)) line.what = `${line.what}; ${why}`;
  // Of a command that died before it made anything only its claim is left: an empty file, not worth a line.
  if (repair) removeDeadClaims(ctx);
  return report;
}

/** What was found damaged and taken away, and what else images lack, comes again from their registries. */
async function fetchAgain(ctx: Ctx, report: CheckReport, signal: AbortSignal): Promise<Map<string, string>> {
  const taken = report.lines.filter(({ repaired }) => repaired !== undefined).map((line) => ({ line, digest: digestIn(line.object) }));
  const lost = new Set(taken.map(({ digest }) => digest));
  const { lines, problems } = await restoreImages(ctx, { lost, signal });
  report.lines.push(...lines);
  for (const { line, digest } of taken) if (hasBlob(ctx, digest) || readLayer(ctx, digest)) line.repaired = RESTORED;
  return problems;
}

const digestIn = (object: string): string => object.slice(object.indexOf(' ') + 1);

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
    ...readCacheRecords(ctx).flatMap(({ record }) => record.layer?.diffId ?? []),
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
