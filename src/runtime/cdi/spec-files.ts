// Container Device Interface: the files in which vendors say what a container needs to use a device (CDI specification 0.3 to 1.0, JSON or
// YAML). Read from the machine's folders and the user's own, which comes last and wins. A file that cannot be read stands in nobody's way
// unless a device is missing: then it is named. Loaded only for containers that ask for such a device.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { Ctx } from '../../sys/context.ts';
import { messageOf } from '../../sys/errors.ts';

const text = z.string();
const texts = z.optional(z.array(text));
const id = z.optional(z.int().check(z.nonnegative()));

const edits = z.looseObject({
  env: texts,
  deviceNodes: z.optional(
    z.array(
      z.looseObject({
        path: text.check(z.startsWith('/')),
        hostPath: z.optional(text),
        permissions: z.optional(text),
        fileMode: id,
        uid: id,
        gid: id,
      }),
    ),
  ),
  hooks: z.optional(
    z.array(z.looseObject({ hookName: text, path: text.check(z.startsWith('/')), args: texts, env: texts, timeout: z.optional(z.int()) })),
  ),
  mounts: z.optional(
    z.array(z.looseObject({ hostPath: text, containerPath: text.check(z.startsWith('/')), options: texts, type: z.optional(text) })),
  ),
  additionalGids: z.optional(z.array(z.int().check(z.nonnegative()))),
});

const spec = z.looseObject({
  cdiVersion: text.check(z.regex(/^v?(0\.[3-9]|1\.0)(\.\d+)?$/, 'is none of 0.3 to 1.0')),
  kind: text.check(z.regex(/^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/, 'is not vendor/class')),
  containerEdits: z.optional(edits),
  devices: z.array(z.looseObject({ name: text.check(z.regex(/^[A-Za-z0-9][\w.:-]*$/, 'is no name')), containerEdits: z.optional(edits) })),
});

export type CdiSpec = z.infer<typeof spec>;
export type ContainerEdits = z.infer<typeof edits>;

export interface CdiFile {
  path: string;
  /** Of its folder: devices of a higher one replace those of a lower one. */
  priority: number;
  spec: CdiSpec;
}

export interface CdiFiles {
  files: CdiFile[];
  /** What could not be read, one sentence each. */
  problems: string[];
}

/** Where CDI files are looked for, least important first. */
export function cdiFolders(ctx: Pick<Ctx, 'env'>): string[] {
  const { XDG_CONFIG_HOME, HOME = '/' } = ctx.env;
  return ['/etc/cdi', '/var/run/cdi', join(XDG_CONFIG_HOME?.startsWith('/') ? XDG_CONFIG_HOME : join(HOME, '.config'), 'cdi')];
}

/** All readable files of `folders`. */
export async function readCdiFiles(folders: readonly string[]): Promise<CdiFiles> {
  const found: CdiFiles = { files: [], problems: [] };
  for (const [priority, folder] of folders.entries()) {
    for (const name of namesIn(folder)) {
      const path = join(folder, name);
      try {
        const parsed = z.safeParse(spec, await parse(path));
        if (parsed.success) found.files.push({ path, priority, spec: parsed.data });
        else found.problems.push(`${path}: ${sentenceOf(parsed.error)}`);
      } catch (error) {
        found.problems.push(`${path}: ${messageOf(error).split('\n')[0]}`);
      }
    }
  }
  return found;
}

async function parse(path: string): Promise<unknown> {
  const content = readFileSync(path, 'utf8');
  return path.endsWith('.json') ? JSON.parse(content) : (await import('yaml')).parse(content);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /\.(json|yaml|yml)$/.test(name))
      .sort();
  } catch {
    return [];
  }
}

function sentenceOf(error: z.core.$ZodError): string {
  const [issue] = error.issues;
  return `"${issue?.path.join('.')}" ${issue?.message ?? 'is wrong'}`;
}
