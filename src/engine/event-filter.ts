// The filters of `events`. Values of one name are alternatives, names must all fit, labels must all be there. An object's filter
// (container, volume, network …) fits the beginning of an id or name; `image` fits whole names, with or without their tag.
import { familiarReference, parseReference, repositoryName } from '../oci/reference.ts';
import type { EngineEvent } from '../storage/records.ts';
import { EngineError } from '../sys/errors.ts';
import { labelsMatch, parseFilters } from './filter.ts';

const OBJECTS = ['config', 'container', 'daemon', 'network', 'node', 'plugin', 'secret', 'service', 'volume'];
const KNOWN = [...OBJECTS, 'event', 'image', 'label', 'scope', 'type'].sort();
/** Actions that go on behind a colon (`exec_create: sh`): when one of them is asked for, beginnings fit. */
const OPEN_ACTIONS = ['exec_create', 'exec_start', 'health_status'];

/** Understands the values of `--filter`. Throws ERR_BAD_FILTER. */
export function eventFilter(texts: readonly string[]): (event: EngineEvent) => boolean {
  const filters = parseFilters(texts, KNOWN);
  const actions = filters.get('event');
  const isOpen = actions?.some((action) => OPEN_ACTIONS.includes(action)) ?? false;
  return (event) =>
    (isOpen ? beginsWithOne(actions, event.Action) : isOne(actions, event.Action)) &&
    isOne(filters.get('type'), event.Type) &&
    isOne(filters.get('scope'), event.scope) &&
    OBJECTS.every((name) => isObject(filters.get(name), event)) &&
    isOfImage(filters.get('image'), event) &&
    labelsMatch(filters, event.Actor.Attributes);
}

function isObject(wanted: readonly string[] | undefined, { Actor }: EngineEvent): boolean {
  return beginsWithOne(wanted, Actor.ID) || beginsWithOne(wanted, Actor.Attributes.name ?? '');
}

function isOfImage(wanted: readonly string[] | undefined, { Type, Actor }: EngineEvent): boolean {
  if (!wanted) return true;
  const name = Actor.Attributes[Type === 'image' ? 'name' : 'image'] ?? '';
  return [Actor.ID, name, withoutTag(Actor.ID), withoutTag(name)].some((text) => wanted.includes(text));
}

function withoutTag(image: string): string {
  try {
    return familiarReference(repositoryName(parseReference(image)));
  } catch (error) {
    if (error instanceof EngineError) return image;
    throw error;
  }
}

const isOne = (wanted: readonly string[] | undefined, text: string): boolean => wanted?.includes(text) ?? true;
const beginsWithOne = (wanted: readonly string[] | undefined, text: string): boolean =>
  wanted?.some((beginning) => text.startsWith(beginning)) ?? true;
