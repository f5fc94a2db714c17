// The events of networks that name one container, read from the ring files themselves.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sandbox } from './sandbox.ts';

/** In order: the action and the network's name. */
export function eventsOf(box: Sandbox, container: string): string[] {
  return ['previous', 'current']
    .flatMap((name) => lines(join(box.root, 'events', name)))
    .map((line) => JSON.parse(line))
    .filter(({ Type, Actor }) => Type === 'network' && Actor.Attributes.container === container)
    .map(({ Action, Actor }) => `${Action} ${Actor.Attributes.name}`);
}

function lines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}
