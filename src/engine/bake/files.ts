// Which files make a definition, and their texts: those that `-f` names, else every default one that is there, in buildx's order; later ones stand before
// earlier ones.
import { readFile } from 'node:fs/promises';
import { EngineError, errnoOf } from '../../sys/errors.ts';

export interface BakeFile {
  name: string;
  kind: 'hcl' | 'json' | 'compose';
  text: string;
}

const COMPOSE = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
const BAKE = ['docker-bake.json', 'docker-bake.hcl', 'docker-bake.override.json', 'docker-bake.override.hcl'];

/** `stdin`: what `-f -` reads. Throws ERR_BAKE_FILE. */
export async function readBakeFiles(named: readonly string[], stdin: () => Promise<string>): Promise<BakeFile[]> {
  const files = await Promise.all((named.length > 0 ? named : [...COMPOSE, ...BAKE]).map((name) => readOne(name, stdin, named.length > 0)));
  const found = files.filter((file) => file !== undefined);
  if (found.length > 0) return found;
  throw new EngineError('ERR_BAKE_FILE', "couldn't find a bake definition", {
    hint: `Name the file with -f, or be in the folder of one of: ${[...BAKE.slice(0, 2), ...COMPOSE].join(', ')}`,
  });
}

async function readOne(name: string, stdin: () => Promise<string>, isNeeded: boolean): Promise<BakeFile | undefined> {
  try {
    const text = name === '-' ? await stdin() : await readFile(name, 'utf8');
    return { name: name === '-' ? 'stdin' : name, kind: kindOf(name, text), text };
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' && !isNeeded) return undefined;
    if (code === undefined) throw error;
    const why =
      code === 'ENOENT'
        ? 'no such file or directory'
        : code === 'EISDIR'
          ? 'is a directory'
          : code === 'EACCES'
            ? 'permission denied'
            : code;
    throw new EngineError('ERR_BAKE_FILE', `failed to read bake definition: open ${name}: ${why}`);
  }
}

function kindOf(name: string, text: string): BakeFile['kind'] {
  if (name.endsWith('.hcl')) return 'hcl';
  if (name.endsWith('.json')) return 'json';
  if (/\.ya?ml$/.test(name)) return 'compose';
  if (/^\s*\{/.test(text)) return 'json';
  return /^\s*(?:services|name|version)\s*:/m.test(text) ? 'compose' : 'hcl';
}
