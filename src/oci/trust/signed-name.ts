// Whether a signature made for one name counts for another. A key often signs many images; without this, whoever controls the registry could
// serve one of them under the name of another.
import { parseReference, type Reference, repositoryName } from '../reference.ts';
import type { SignedName } from './requirement.ts';

/** `claimed` is what the signature says it was made for, as written in it: a repository, with or without a tag or a digest. */
export function isSignedFor(rule: SignedName, reference: Reference, claimed: string): boolean {
  if (rule.kind === 'any') return true;
  const signed = readName(claimed);
  if (!signed) return false;
  switch (rule.kind) {
    case 'same':
      return isSame(nameOf(reference), reference, signed);
    case 'moved':
      return isSame(moved(nameOf(reference), rule.prefix, rule.to), reference, signed);
    case 'repository':
      return signed.repository === nameOf(reference);
    case 'exact':
      return reference.digest === undefined && isExactly(nameOf(reference), reference, signed);
    case 'digest-or-exact':
      return isDigestOrExact(nameOf(reference), reference, signed);
    case 'remapped':
      return isDigestOrExact(moved(nameOf(reference), rule.prefix, rule.to), reference, signed);
    case 'exact-repository':
      return readName(rule.name)?.repository === signed.repository;
    case 'exact-reference': {
      const wanted = readName(rule.name);
      return (
        wanted !== undefined && wanted.repository === signed.repository && wanted.tag === signed.tag && wanted.digest === signed.digest
      );
    }
    default:
      return rule satisfies never;
  }
}

interface Name {
  repository: string;
  tag: string | undefined;
  digest: string | undefined;
}

const nameOf = (reference: Reference): string => repositoryName(reference);

// cosign writes the repository alone, so the absence of a tag says nothing.
function isSame(repository: string, { tag, digest }: Reference, signed: Name): boolean {
  if (signed.repository !== repository) return false;
  return digest !== undefined || signed.tag === undefined || tag === undefined || signed.tag === tag;
}

function isExactly(repository: string, { tag, digest }: Reference, signed: Name): boolean {
  return signed.repository === repository && signed.tag === tag && signed.digest === digest;
}

function isDigestOrExact(repository: string, reference: Reference, signed: Name): boolean {
  if (reference.digest !== undefined) return signed.repository === repository;
  return signed.tag !== undefined && isExactly(repository, reference, signed);
}

function moved(name: string, prefix: string, to: string): string {
  const rest = name.slice(prefix.length);
  return name.startsWith(prefix) && (rest === '' || rest.startsWith('/')) ? `${to}${rest}` : name;
}

/** A name in full; nothing is added to it but what Docker Hub's short names leave out. */
function readName(text: string): Name | undefined {
  try {
    const reference = parseReference(text);
    const isTagged = text
      .slice(text.lastIndexOf('/') + 1)
      .split('@', 1)[0]
      ?.includes(':');
    return { repository: repositoryName(reference), tag: isTagged ? reference.tag : undefined, digest: reference.digest };
  } catch {
    return undefined;
  }
}
