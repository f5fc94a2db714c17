// What Docker records of images: the image's labels and the name beside the action. A config that cannot be read has no labels.
import { recordEvent } from '../storage/events.ts';
import { readImageConfig } from '../storage/image.ts';
import type { Ctx } from '../sys/context.ts';

export interface ImageEvent {
  action: 'delete' | 'import' | 'load' | 'pull' | 'push' | 'save' | 'tag' | 'untag';
  /** What the event is about: the image's id; for `pull` and `push` the familiar reference. */
  subject: string;
  name: string;
  /** Whose labels are recorded. */
  imageId: string;
}

/** Records what happened to an image. Never throws. */
export function recordImageEvent(ctx: Pick<Ctx, 'paths'>, { action, subject, name, imageId }: ImageEvent): void {
  recordEvent(ctx, { Type: 'image', Action: action, Actor: { ID: subject, Attributes: { ...labelsOf(ctx, imageId), name } } });
}

function labelsOf(ctx: Pick<Ctx, 'paths'>, id: string): Record<string, string> {
  try {
    return readImageConfig(ctx, id).config?.Labels ?? {};
  } catch {
    return {};
  }
}
