// `inspect` of several objects as text: one JSON array, or one line of `--format` each. Objects are rendered by what they are.
import type { ContainerRecord, ContainerState, ImageConfig, ImageRecord } from '../storage/records.ts';
import { type ContainerFacts, renderContainer } from './container-inspect.ts';
import { type ImageFacts, renderImage } from './image-inspect.ts';
import { type RenderedNetwork, renderNetwork } from './network.ts';
import { type RenderedVolume, renderVolume } from './volume.ts';

export type InspectedObject =
  | { type: 'container'; record: ContainerRecord; state: ContainerState; facts: ContainerFacts }
  | { type: 'image'; record: ImageRecord; config: ImageConfig; facts: ImageFacts }
  | ({ type: 'network' } & RenderedNetwork)
  | ({ type: 'volume' } & RenderedVolume);

/** The object in Docker's shape. */
export function renderObject(object: InspectedObject): object {
  if (object.type === 'network') return renderNetwork(object);
  if (object.type === 'volume') return renderVolume(object);
  return object.type === 'container'
    ? renderContainer(object.record, object.state, object.facts)
    : renderImage(object.record, object.config, object.facts);
}

/** The text for `objects`. `json` is one line; a template one line per object. Throws ERR_TEMPLATE. */
export async function renderObjects(objects: readonly InspectedObject[], format?: string): Promise<string> {
  const values = objects.map(renderObject);
  if (format === undefined || format === '') return `${JSON.stringify(values, null, 4)}\n`;
  if (format === 'json') return `${JSON.stringify(values)}\n`;
  const { inspectFormatter } = await import('./inspect-format.ts');
  const formatted = inspectFormatter(format);
  return values.map((value) => `${formatted(value)}\n`).join('');
}
