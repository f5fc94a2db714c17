// What `--from`, a mount's `from=` and FROM bring: the files of a stage, of an image, of a folder. Images are looked for once a build and
// platform, whoever asks first.
import { formatPlatform } from '../../oci/platform.ts';
import type { PullEvent } from '../../runtime/messages-work.ts';
import { digestOf } from '../../storage/digest.ts';
import type { Platform } from '../../storage/records.ts';
import { EngineError, messageOf } from '../../sys/errors.ts';
import { didYouMean } from '../dockerfile/problem.ts';
import { type BaseImage, findBase, fullNameOf } from './base-image.ts';
import type { MountSource } from './model.ts';
import { begin, type Solving } from './solving.ts';
import { stageOf } from './stage.ts';
import type { Source } from './stage-graph.ts';
import { diffIdsOf } from './stage-state.ts';
import { chainKey } from './step-key.ts';

export interface SourceFiles {
  from: MountSource;
  /** For messages. */
  name: string;
  /** Of all its files; undefined for a folder, which has to be read to know. */
  key: string | undefined;
}

/** Begins what will be needed, so that it is ready when it is, and that what cannot be had is said before other steps have run for long. */
export function prefetch(solving: Solving, source: Source, locate: (error: unknown) => unknown): void {
  if (source.kind === 'stage') begin(solving, stageOf(solving, source.node));
  if (source.kind === 'image') {
    imageOf(solving, source.reference, solving.target).catch((error: unknown) => solving.site.stop(locate(error)));
  }
}

/** Undefined is the build context. */
export async function filesOf(solving: Solving, source: Source | undefined): Promise<SourceFiles> {
  const { site } = solving;
  if (source === undefined) return { from: { kind: 'context', context: site.context }, name: 'build context', key: undefined };
  switch (source.kind) {
    case 'scratch':
      return layersFrom('scratch', []);
    case 'stage':
      return layersFrom(source.node.stage.name ?? String(source.node.index), diffIdsOf(await stageOf(solving, source.node)));
    case 'image':
      return layersFrom(
        source.reference,
        (await imageOf(solving, source.reference, solving.target)).layers.map(({ diffId }) => diffId),
      );
    case 'context':
      return contextFiles(solving, source);
    default:
      return source satisfies never;
  }
}

async function contextFiles(solving: Solving, { name, context }: Extract<Source, { kind: 'context' }>): Promise<SourceFiles> {
  if (context.kind === 'folder') return { from: { kind: 'context', context: context.context }, name, key: undefined };
  if (context.kind === 'image') return filesOf(solving, { kind: 'image', reference: context.reference });
  return filesOf(solving, solving.graph.source(context.name));
}

const layersFrom = (name: string, layers: string[]): SourceFiles => ({ from: { kind: 'layers', layers }, name, key: chainKey(layers) });

/** `nameStep` names the FROM step in progress; without it (COPY --from) the image's own name does. */
export function imageOf(
  solving: Solving,
  reference: string,
  platform: Platform,
  { nameStep, isPlatformGiven = solving.isPlatformGiven }: { nameStep?: (fullName: string) => string; isPlatformGiven?: boolean } = {},
): Promise<BaseImage> {
  const { bases } = solving.shared;
  const key = `${parsedName(reference)} ${formatPlatform(platform)}`;
  const known = bases.get(key);
  if (known) return known;
  const found = begin(solving, look(solving, { reference, platform, isPlatformGiven, nameStep: nameStep ?? ((name) => `FROM ${name}`) }));
  bases.set(key, found);
  return found;
}

function parsedName(reference: string): string {
  try {
    return fullNameOf(reference);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError(error.code, `failed to parse stage name ${JSON.stringify(reference)}: ${error.message}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
}

interface Look {
  reference: string;
  platform: Platform;
  isPlatformGiven: boolean;
  nameStep: (fullName: string) => string;
}

async function look(solving: Solving, { reference, platform, isPlatformGiven, nameStep }: Look): Promise<BaseImage> {
  const { site } = solving;
  const name = fullNameOf(reference);
  const prefix = solving.isMulti ? `[${formatPlatform(platform)} internal]` : '[internal]';
  const metadata = digestOf(`metadata ${name} ${formatPlatform(platform)}`);
  const from = digestOf(`from ${name} ${formatPlatform(platform)}`);
  site.tell({ type: 'step', id: metadata, name: `${prefix} load metadata for ${name}`, inputs: [], isInternal: true });
  site.tell({ type: 'started', id: metadata, at: Date.now() });
  let isFetching = false;
  let open = metadata;
  const onPull = (event: PullEvent): void => {
    if (!isFetching) {
      isFetching = true;
      site.tell({ type: 'ended', id: metadata, at: Date.now(), result: 'done' });
      site.tell({ type: 'step', id: from, name: nameStep(name), inputs: [metadata] });
      site.tell({ type: 'started', id: from, at: Date.now() });
      open = from;
    }
    if (event.type === 'layer') tellLayer(solving, from, event);
  };
  try {
    const base = await findBase(site, { reference, platform, isPlatformGiven, onPull });
    if (!isFetching) {
      site.tell({ type: 'ended', id: metadata, at: Date.now(), result: 'done' });
      site.tell({ type: 'step', id: from, name: nameStep(base.fullName), inputs: [metadata] });
      site.tell({ type: 'started', id: from, at: Date.now() });
    }
    site.tell({ type: 'ended', id: from, at: Date.now(), result: base.wasHere ? 'cached' : 'done' });
    return base;
  } catch (thrown) {
    const isFirst = !site.signal.aborted;
    const error = isFirst ? unresolved(solving, thrown, reference) : thrown;
    site.tell({
      type: 'ended',
      id: open,
      at: Date.now(),
      ...(isFirst ? { result: 'failed', error: messageOf(error) } : { result: 'canceled' }),
    });
    throw error;
  }
}

/** Which image it was, and whether a stage was meant. */
function unresolved({ graph }: Solving, error: unknown, reference: string): unknown {
  if (!(error instanceof EngineError) || error.exitCode === 130) return error;
  const stages = graph.nodes.flatMap(({ stage }) => stage.name ?? []);
  const message = `${reference}: failed to resolve source metadata for ${fullNameOf(reference)}: ${error.message}${didYouMean(reference, stages)}`;
  return new EngineError(error.code, message, { cause: error, ...(error.hint === undefined ? {} : { hint: error.hint }) });
}

function tellLayer({ site }: Solving, id: string, { layer, status, current = 0, total }: Extract<PullEvent, { type: 'layer' }>): void {
  if (status === 'exists' || status === 'waiting') return;
  site.tell({ type: 'progress', id, label: `sha256:${layer} ${status}`, current, total, isDone: status === 'complete' });
}
