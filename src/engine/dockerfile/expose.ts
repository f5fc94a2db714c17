// A word of EXPOSE: `80`, `80/udp`, `8000-8010`. An address and a port of the host before it mean nothing here, and are passed over as
// Docker does, with a note of a lint rule.
import { EngineError } from '../../sys/errors.ts';
import { parseExpose } from '../create/port-spec.ts';
import { DockerfileProblem } from './problem.ts';

export interface PortWord {
  ip: string;
  host: string;
  container: string;
  /** As written; '' without one. */
  protocol: string;
}

export function splitPort(word: string): PortWord {
  const parts = word.split(':');
  const [container = '', protocol = ''] = (parts.pop() ?? '').split(/\/(.*)/s, 2);
  const host = parts.pop() ?? '';
  return { ip: parts.join(':'), host, container, protocol };
}

/** `80/tcp` → {}, of expanded words. Throws a DockerfileProblem. */
export function exposedPorts(words: readonly string[]): Record<string, Record<string, never>> {
  return Object.assign({}, ...words.map(portsOf));
}

function portsOf(word: string): Record<string, Record<string, never>> {
  const { container, protocol } = splitPort(word);
  try {
    return parseExpose([protocol === '' ? container : `${container}/${protocol.toLowerCase()}`]);
  } catch (error) {
    throw error instanceof EngineError ? new DockerfileProblem(`invalid containerPort: ${word}`) : error;
  }
}
