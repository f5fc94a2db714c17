// One case of `skiff build` as a folder of test/e2e/build-cases: a Dockerfile, its context, and in case.json what must come of it. What is built is
// looked at without the builder's help: by inspect, and by the blobs in the store, as another tool would.
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ArchiveEntry } from './archive.ts';
import { configOf, fileIn, layersOf } from './image-layers.ts';
import type { Result, Sandbox } from './sandbox.ts';

export interface BuildCase {
  /** The point of the case, in a sentence. */
  title: string;
  /** Of `skiff build`, before the context and without `-t`. */
  args?: string[];
  /** In place of the folder's own path: relative to it; `-` with `stdin`. */
  context?: string;
  /** A file of the folder that goes to standard input. */
  stdin?: string;
  env?: Record<string, string>;
  /** What git cannot keep, made in the context before the build; a text is a file's content. */
  files?: Record<string, string | { content?: string; mode?: string; symlink?: string; folder?: true; mtime?: number }>;
  /** Built before it, from other Dockerfiles of the folder: file → tag. */
  first?: Record<string, string>;
  /** Part of the image's Config, as `inspect` shows it; null is absent. */
  config?: Record<string, unknown>;
  /** Part of what `inspect` shows beside Config, such as Architecture. */
  image?: Record<string, unknown>;
  /** By absolute path: part of what is there; null is nothing. */
  tree?: Record<string, CaseFile | null>;
  /** Number of layers. */
  layers?: number;
  /** `CREATED BY` of the newest entries of the history, the oldest of them first. */
  history?: string[];
  /** Parts of standard error. */
  output?: string[];
  /** What must not be there. */
  noOutput?: string[];
  error?: {
    /** Default 1. */
    exitCode?: number;
    message: string[];
    /** Of the Dockerfile. */
    line?: number;
  };
}

export interface CaseFile {
  type?: 'file' | 'folder' | 'symlink' | 'fifo';
  mode?: string;
  uid?: number;
  gid?: number;
  content?: string;
  /** Of a symlink. */
  target?: string;
  mtime?: number;
}

const TYPES: Record<string, string> = { '0': 'file', '1': 'file', '2': 'symlink', '5': 'folder', '6': 'fifo' };

export function readCase(folder: string): BuildCase {
  return JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8')) as BuildCase;
}

/** Throws what is not as the case says. */
export async function runCase(box: Sandbox, folder: string, name: string): Promise<void> {
  const wanted = readCase(folder);
  const context = makeContext(box, { folder, name, wanted });
  const tag = `case/${name}`;
  for (const [file, first] of Object.entries(wanted.first ?? {}))
    await box.ok(['build', '-q', '-t', first, '-f', file, '.'], { cwd: context });
  const result = await box.skiff(['build', '--progress', 'plain', '-t', tag, ...(wanted.args ?? []), wanted.context ?? '.'], {
    cwd: context,
    env: wanted.env ?? {},
    ...(wanted.stdin === undefined ? {} : { stdin: readFileSync(join(context, wanted.stdin)) }),
    timeoutMs: 120_000,
  });
  for (const part of wanted.output ?? []) expect(result.stderr).toContain(part);
  for (const part of wanted.noOutput ?? []) expect(result.stderr).not.toContain(part);
  if (wanted.error) return expectError(result, wanted.error);
  if (result.code !== 0) throw new Error(`the build ended with ${result.code}\n${result.stderr}`);
  const id = await expectImage(box, tag, wanted);
  if (wanted.tree) expectTree(box, { id, tree: wanted.tree });
}

function expectError({ code, stderr }: Result, { exitCode = 1, message, line }: NonNullable<BuildCase['error']>): void {
  for (const part of message) expect(stderr).toContain(part);
  if (line !== undefined) expect(stderr).toMatch(new RegExp(`(?:^|/|\\n)[\\w.-]*Dockerfile[\\w.-]*:${line}\\b`, 'i'));
  expect(code).toBe(exitCode);
  // A failure is a sentence, not a stack.
  expect(stderr).not.toMatch(/internal error|\n\s+at /);
}

async function expectImage(box: Sandbox, tag: string, { config, image, layers, history }: BuildCase): Promise<string> {
  const [inspected] = JSON.parse(await box.ok(['image', 'inspect', tag])) as Record<string, unknown>[];
  const actual = inspected?.Config as Record<string, unknown>;
  // Lists as they are, of objects what is named: a base brings labels of its own.
  for (const [key, value] of Object.entries(config ?? {})) expect({ [key]: actual[key] ?? null }).toMatchObject({ [key]: value });
  for (const [key, value] of Object.entries(image ?? {})) expect({ [key]: inspected?.[key] ?? null }).toMatchObject({ [key]: value });
  if (layers !== undefined) expect((inspected?.RootFS as { Layers?: string[] } | undefined)?.Layers ?? []).toHaveLength(layers);
  const id = String(inspected?.Id);
  const lines = (configOf(box, id).history ?? []).map((entry) => entry.created_by);
  if (history !== undefined) expect(lines.slice(-history.length)).toEqual(history);
  return id;
}

function expectTree(box: Sandbox, { id, tree }: { id: string; tree: NonNullable<BuildCase['tree']> }): void {
  const layers = layersOf(box, id);
  for (const [path, wanted] of Object.entries(tree)) {
    const actual = fileIn(layers, path);
    if (wanted === null) expect({ [path]: actual && shown(actual) }).toEqual({ [path]: undefined });
    else expect({ [path]: actual && picked(shown(actual), wanted) }).toEqual({ [path]: wanted });
  }
}

function shown({ type, mode, uid, gid, body, linkName, mtimeSeconds }: ArchiveEntry): CaseFile {
  const kind = TYPES[type] as NonNullable<CaseFile['type']>;
  const common = { type: kind, mode: `0${(mode & 0o7777).toString(8).padStart(3, '0')}`, uid, gid, mtime: mtimeSeconds };
  if (kind === 'symlink') return { ...common, target: Buffer.from(linkName, 'latin1').toString() };
  return kind === 'file' ? { ...common, content: Buffer.from(body, 'latin1').toString() } : common;
}

const picked = (actual: CaseFile, wanted: CaseFile): CaseFile =>
  Object.fromEntries(Object.keys(wanted).map((key) => [key, actual[key as keyof CaseFile]]));

function makeContext(box: Sandbox, { folder, name, wanted }: { folder: string; name: string; wanted: BuildCase }): string {
  const context = join(box.files, 'cases', name);
  rmSync(context, { recursive: true, force: true });
  cpSync(folder, context, { recursive: true, verbatimSymlinks: true, filter: (path) => path !== join(folder, 'case.json') });
  for (const [path, file] of Object.entries(wanted.files ?? {})) {
    const target = join(context, path);
    const { content = '', mode, symlink, folder: isFolder, mtime } = typeof file === 'string' ? { content: file } : file;
    mkdirSync(dirname(target), { recursive: true });
    if (symlink !== undefined) symlinkSync(symlink, target);
    else if (isFolder) mkdirSync(target, { recursive: true });
    else if (!existsSync(target) || content !== '') writeFileSync(target, content);
    if (mode !== undefined) chmodSync(target, Number.parseInt(mode, 8));
    if (mtime !== undefined) utimesSync(target, mtime, mtime);
  }
  return context;
}
