// What a reference is called in messages, for all that goes to a registry or comes from one.
import { familiarReference, fullReference, parseReference, repositoryName } from '../oci/reference.ts';

/** How a reference is spoken of. */
export interface PullNames {
  /** `docker.io/library/alpine:latest`: everything that was given, normalised. */
  full: string;
  /** `alpine:latest`. */
  familiar: string;
  /** `docker.io/library/alpine`. */
  repository: string;
  /** `alpine`. */
  familiarRepository: string;
  /** Set when neither tag nor digest was given. */
  defaultTag: string | undefined;
}

/** Throws ERR_BAD_REFERENCE. */
export function pullNames(text: string): PullNames {
  const reference = parseReference(text);
  const isTagged = text.slice(text.lastIndexOf('/') + 1).includes(':');
  const full = fullReference(reference);
  return {
    full,
    familiar: familiarReference(full),
    repository: repositoryName(reference),
    familiarRepository: familiarReference(repositoryName(reference)),
    defaultTag: isTagged || reference.digest ? undefined : reference.tag,
  };
}
