// What a sandbox's record of events holds, read from the ring files themselves: tests of what is recorded need no `skiff events`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sandbox } from './sandbox.ts';

/** The events of container `id` in order: the action, then the attributes that not every event has, as `name=value`. */
export function eventsOf(box: Sandbox, id: string): string[][] {
  return ['previous', 'current']
    .flatMap((name) => lines(join(box.root, 'events', name)))
    .map((line) => JSON.parse(line))
    .filter((event) => event.Type === 'container' && event.Actor.ID === id)
    .map((event) => [event.Action, ...attributes(event.Actor.Attributes)]);
}

/** The events of images with one of these actions, in order: action, subject, name. */
export function imageEvents(box: Sandbox, ...actions: string[]): string[][] {
  return ['previous', 'current']
    .flatMap((name) => lines(join(box.root, 'events', name)))
    .map((line) => JSON.parse(line))
    .filter((event) => event.Type === 'image' && actions.includes(event.Action))
    .map((event) => [event.Action, event.Actor.ID, event.Actor.Attributes.name]);
}

const attributes = (all: Record<string, string>): string[] =>
  Object.entries(all)
    .filter(([name]) => !['image', 'name', 'test.image'].includes(name))
    .map(([name, value]) => `${name}=${value}`)
    .sort();

function lines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}
