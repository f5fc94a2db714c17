// `--output type=…,dest=…`, `--output PATH`, `--push`, `--load`: what becomes of the result. Whether two of them go together, and what a type's own
// attributes mean, is the exporter's to say.
import type { OutputSpec } from '../model.ts';
import { keyedFields, listed } from './fields.ts';

const TYPES = ['local', 'tar', 'oci', 'docker', 'image', 'registry', 'cacheonly'] as const;

/** Throws an Error. */
export function parseOutput(text: string): OutputSpec {
  if (text === '') throw new Error('it names nothing: use type=TYPE,dest=PATH or a folder');
  if (text === '-') return { type: 'tar', attributes: { dest: '-' } };
  if (!text.includes('=') && !text.includes(',')) return { type: 'local', attributes: { dest: text } };
  const { type, ...attributes } = keyedFields(text, { bare: { push: 'true', unpack: 'true' } });
  return checkedOutput(type, attributes);
}

/** The same of fields that are apart already, as bake has them. Throws an Error. */
export function checkedOutput(given: string | undefined, attributes: Record<string, string>): OutputSpec {
  if (given === undefined) throw new Error('type is required for output');
  const type = TYPES.find((known) => known === given);
  if (!type) throw new Error(`unsupported output type "${given}": use ${listed(TYPES)}`);
  const { dest } = attributes;
  if (dest === '') throw new Error('dest names nothing');
  if (type === 'local' && dest === undefined) throw new Error('dest is required for local output');
  if (type === 'local' && dest === '-') throw new Error('dest cannot be stdout for local output: use type=tar');
  if ((type === 'tar' || type === 'oci') && dest === undefined) return { type, attributes: { ...attributes, dest: '-' } };
  return { type, attributes };
}

/** What `--push` and `--load` add: a push to an image that goes to the store already, else an output of their own. */
export function outputsOf(given: readonly OutputSpec[], { push, load }: { push: boolean; load: boolean }): OutputSpec[] {
  const outputs = given.map(({ type, attributes }) => ({ type, attributes }));
  if (push) {
    const image = outputs.find(({ type }) => type === 'image' || type === 'registry');
    if (image?.type === 'image') image.attributes = { ...image.attributes, push: 'true' };
    else if (!image) outputs.push({ type: 'registry', attributes: {} });
  }
  if (load && !outputs.some(({ type, attributes }) => type === 'image' || (type === 'docker' && attributes.dest === undefined))) {
    outputs.push({ type: 'docker', attributes: {} });
  }
  return outputs;
}

/** podman's `--format`: the media types of every image that is made, unless an output says its own. */
export function withFormat(outputs: readonly OutputSpec[], format: string | undefined): OutputSpec[] {
  if (format === undefined) return [...outputs];
  const asked = outputs.length > 0 ? outputs : [{ type: 'docker' as const, attributes: {} }];
  return asked.map(({ type, attributes }) => ({
    type,
    attributes: OF_IMAGES.includes(type) ? { 'oci-mediatypes': String(format === 'oci'), ...attributes } : attributes,
  }));
}

const OF_IMAGES: readonly OutputSpec['type'][] = ['image', 'registry', 'docker', 'oci'];
