// What a Dockerfile offers: the targets that it has, and for one of them the arguments, secrets, agents and caches that its build takes.
import type { ArgInstruction, Dockerfile, Instruction, Span, Stage } from '../dockerfile/ast.ts';
import { DockerfileProblem } from '../dockerfile/problem.ts';
import { parseRunMount, type RunMountRequest } from '../dockerfile/run-mount.ts';
import { expandWord, type Variables } from '../dockerfile/words.ts';

export interface Target {
  name?: string | undefined;
  isDefault: boolean;
  description?: string | undefined;
  base: string;
  platform?: string | undefined;
  span: Span;
}

export interface OutlineArg {
  name: string;
  value?: string | undefined;
  description?: string | undefined;
  span: Span;
}

export interface Outline {
  name?: string | undefined;
  description?: string | undefined;
  args: OutlineArg[];
  secrets: { name: string; required: boolean; span: Span }[];
  ssh: { name: string; required: boolean; span: Span }[];
  cache: { id: string; span: Span }[];
}

/** All stages, in order; the last is what is built without --target. */
export function listTargets({ stages }: Dockerfile): Target[] {
  return stages.map(({ name, comment, base, platform, span }, index) => ({
    name,
    isDefault: index === stages.length - 1,
    description: comment,
    base,
    platform,
    span,
  }));
}

export interface OutlineOptions {
  target: Stage;
  /** The target, and every stage that it reads. */
  needed: ReadonlySet<Stage>;
  buildArgs: Readonly<Record<string, string>>;
  /** Platform variables. */
  platformArgs: Variables;
}

/** What the build of `target` takes. */
export function outlineOf(file: Dockerfile, { target, needed, buildArgs, platformArgs }: OutlineOptions): Outline {
  const stages = file.stages.filter((stage) => needed.has(stage));
  const instructions = stages.flatMap((stage) => stage.instructions);
  const args = argsOf(file, { stages, buildArgs, platformArgs });
  const mounts = instructions.flatMap((instruction) => mountsOf(instruction, { file, args }));
  return {
    name: target.name,
    description: target.comment,
    args,
    secrets: unique(ofType(mounts, 'secret')).map(({ mount, span }) => ({ name: mount.id, required: mount.required, span })),
    ssh: unique(ofType(mounts, 'ssh')).map(({ mount, span }) => ({ name: mount.id, required: mount.required, span })),
    cache: unique(ofType(mounts, 'cache')).map(({ mount, span }) => ({ id: mount.id, span })),
  };
}

interface ArgScope extends Pick<OutlineOptions, 'buildArgs' | 'platformArgs'> {
  stages: Stage[];
}

// Global ones that a FROM or another used one names, and all that stages declare. An ARG without a default is the global one, if there is one.
function argsOf(file: Dockerfile, { stages, buildArgs, platformArgs }: ArgScope): OutlineArg[] {
  const values = new Map(platformArgs);
  const globals = new Map<string, { arg: OutlineArg; uses: string[] }>();
  for (const instruction of file.globalArgs) {
    for (const [arg, uses] of declared(instruction, { file, values, buildArgs })) globals.set(arg.name, { arg, uses });
  }
  const found = new Map<string, OutlineArg>();
  const take = (name: string): void => {
    const global = globals.get(name);
    if (!global || found.has(name)) return;
    found.set(name, global.arg);
    global.uses.forEach(take);
  };
  for (const stage of stages) {
    for (const word of [stage.base, stage.platform ?? '']) namesIn(word, file).forEach(take);
    for (const instruction of stage.instructions) {
      if (instruction.kind !== 'arg') continue;
      for (const [arg] of declared(instruction, { file, values, buildArgs })) {
        const isGlobal = instruction.args.some(({ name, value }) => name === arg.name && value === undefined) && globals.has(arg.name);
        if (isGlobal) take(arg.name);
        else if (!found.has(arg.name) && !platformArgs.has(arg.name)) found.set(arg.name, arg);
      }
    }
  }
  return [...found.values()].sort((one, other) => one.span.start.line - other.span.start.line);
}

interface Declaring {
  file: Dockerfile;
  values: Map<string, string>;
  buildArgs: Readonly<Record<string, string>>;
}

function declared({ args, span }: ArgInstruction, { file, values, buildArgs }: Declaring): [arg: OutlineArg, uses: string[]][] {
  return args.map(({ name, value, comment }) => {
    const given = Object.hasOwn(buildArgs, name) ? buildArgs[name] : undefined;
    const known = given ?? (value === undefined ? undefined : expandQuietly(value, values, file));
    if (known !== undefined) values.set(name, known);
    return [{ name, value: known, description: comment, span }, given === undefined ? namesIn(value ?? '', file) : []];
  });
}

function namesIn(word: string, { directives }: Dockerfile): string[] {
  const names: string[] = [];
  try {
    expandWord(word, new Map(), { escape: directives.escape, onUse: (name) => names.push(name) });
  } catch (error) {
    if (!(error instanceof DockerfileProblem)) throw error;
  }
  return names;
}

function expandQuietly(word: string, values: Variables, { directives }: Dockerfile): string {
  try {
    return expandWord(word, values, { escape: directives.escape });
  } catch (error) {
    if (error instanceof DockerfileProblem) return word;
    throw error;
  }
}

interface PlacedMount<T = RunMountRequest> {
  mount: T;
  span: Span;
}

function mountsOf(instruction: Instruction, { file, args }: { file: Dockerfile; args: readonly OutlineArg[] }): PlacedMount[] {
  if (instruction.kind !== 'run') return [];
  const values = new Map(args.map(({ name, value = '' }) => [name, value]));
  return instruction.mounts.flatMap((text) => {
    try {
      return [{ mount: parseRunMount(text, (word) => expandQuietly(word, values, file)), span: instruction.span }];
    } catch (error) {
      if (error instanceof DockerfileProblem) return [];
      throw error;
    }
  });
}

// One that is required anywhere is required.
function unique<T extends { id: string; required?: boolean }>(mounts: readonly PlacedMount<T>[]): PlacedMount<T>[] {
  const found = new Map<string, PlacedMount<T>>();
  for (const placed of mounts) {
    const before = found.get(placed.mount.id);
    if (!before || (placed.mount.required && !before.mount.required)) found.set(placed.mount.id, placed);
  }
  return [...found.values()];
}

function ofType<K extends RunMountRequest['type']>(
  mounts: readonly PlacedMount[],
  type: K,
): PlacedMount<Extract<RunMountRequest, { type: K }>>[] {
  return mounts.flatMap(({ mount, span }) => (isOf(mount, type) ? [{ mount, span }] : []));
}

const isOf = <K extends RunMountRequest['type']>(mount: RunMountRequest, type: K): mount is Extract<RunMountRequest, { type: K }> =>
  mount.type === type;
