// A registry's refusal in the words that Docker uses for it. What the registry itself says (distribution-spec, error codes) is quoted, but
// cut short and stripped of control characters: it comes from outside and ends up on a terminal.
import { EngineError } from '../sys/errors.ts';
import { familiarReference } from './reference.ts';

export interface Refusal {
  status: number;
  body: Uint8Array;
  contentType: string;
  host: string;
}

const LONGEST_QUOTE = 200;

/** For a manifest; `name` is the reference as normalised, `repository` its name without tag. */
export function manifestRefusal(refusal: Refusal, { name, repository }: { name: string; repository: string }): EngineError {
  const said = saidBy(refusal);
  const shown = familiarReference(name);
  switch (refusal.status) {
    case 404:
      return new EngineError('ERR_MANIFEST_UNKNOWN', `manifest for ${shown} not found: ${said ?? 'manifest unknown: manifest unknown'}`, {
        hint: 'Check the name and the tag for typing errors, and that the image was pushed there',
      });
    case 401:
    case 403:
      return new EngineError(
        'ERR_PULL_DENIED',
        `pull access denied for ${familiarReference(repository)}, repository does not exist or may require authorization: ${said ?? 'denied: requested access to the resource is denied'}`,
        { hint: `Check the name; for a private repository log in: skiff login ${refusal.host}` },
      );
    default:
      return otherRefusal(refusal, `Cannot resolve "${shown}"`);
  }
}

/** For a blob. */
export function blobRefusal(refusal: Refusal, digest: string): EngineError {
  if (refusal.status !== 404) return otherRefusal(refusal, `Cannot fetch the blob "${digest}"`);
  return new EngineError('ERR_BLOB_UNKNOWN', `Cannot fetch the blob "${digest}": ${saidBy(refusal) ?? 'blob unknown to registry'}`, {
    hint: 'The image is incomplete at its registry: push it again',
  });
}

/** A page for people where a document was asked for: captive portals, wrong hosts. */
export function webPage(host: string): EngineError {
  return new EngineError('ERR_NO_REGISTRY', `${host} answered with a web page where a manifest was expected`, {
    hint: `Check that ${host} is a container registry, and that no login page of the network is in the way`,
  });
}

/** For whatever has no words of its own; `what` begins the sentence. */
export function otherRefusal(refusal: Refusal, what: string): EngineError {
  if (refusal.status === 429) {
    return new EngineError('ERR_RATE_LIMITED', `${what}: ${saidBy(refusal) ?? 'toomanyrequests: too many requests'}`, {
      hint: 'Wait some minutes, or log in (skiff login): known users may pull more',
    });
  }
  if (refusal.contentType === 'text/html' && refusal.status < 500) return webPage(refusal.host);
  const said = saidBy(refusal);
  return new EngineError('ERR_REGISTRY', `${what}: ${refusal.host} answered with status ${refusal.status}${said ? `: ${said}` : ''}`, {
    hint: refusal.status >= 500 ? 'The registry has a problem: try again later' : `Check that ${refusal.host} is a container registry`,
  });
}

/** `manifest unknown: manifest unknown`: code in words, then message, as Docker prints it. */
export function saidBy({ body }: Refusal): string | undefined {
  try {
    // By hand: a checker would be loaded for every request that goes well.
    const { errors }: { errors?: unknown } = JSON.parse(Buffer.from(body).toString());
    const first: { code?: unknown; message?: unknown } | undefined = Array.isArray(errors) ? errors[0] : undefined;
    const [code, message] = [first?.code ?? '', first?.message ?? ''];
    if (typeof code !== 'string' || typeof message !== 'string') return undefined;
    const words = [code.toLowerCase().replaceAll('_', ' '), message].filter(Boolean).join(': ');
    return clean(words) || undefined;
  } catch {
    return undefined;
  }
}

function clean(text: string): string {
  // C0 and C1 control characters.
  const printable = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return printable.length > LONGEST_QUOTE ? `${printable.slice(0, LONGEST_QUOTE)}…` : printable;
}
