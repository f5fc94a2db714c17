// From what a user typed to the name under which an image is kept, where a text that is no reference is no error: it may be an id.
import { canonicalReference, parseReference } from '../oci/reference.ts';
import { EngineError } from '../sys/errors.ts';

/** The canonical reference, or undefined when `text` cannot be one. */
export function canonicalOf(text: string): string | undefined {
  try {
    return canonicalReference(parseReference(text));
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}
