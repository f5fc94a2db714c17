// Why a step was not found in the cache, in one clause: the first of its inputs that differs from what the same place in the same file was built
// from the last time. In the order of what one looks for: the instruction, files, arguments, mounts; the step before it comes last, for when it
// differs that step's own line says why.
import type { StepInputs } from '../../storage/build-cache-records.ts';

export interface LastBuilt {
  key: string;
  inputs: StepInputs;
}

const MOST_SHOWN = 60;

export function explainMiss(now: StepInputs, last: LastBuilt | undefined): string {
  if (last === undefined) return 'nothing is remembered of this step: it was not built here before';
  const before = last.inputs;
  if (now.instruction !== before.instruction) return `the instruction changed: it was ${shown(before.instruction)}`;
  return (
    changedFile(now.files, before.files) ??
    changedArgument(now.args, before.args) ??
    changedMount(now.mounts, before.mounts) ??
    changedParent(now.parent, before.parent) ??
    'nothing that is remembered of it changed: its result was removed from the cache'
  );
}

function changedFile(now: StepInputs['files'], before: StepInputs['files']): string | undefined {
  if (now === undefined || before === undefined) return undefined;
  const changed: string[] = [];
  const added: string[] = [];
  const gone = Object.keys(before).filter((path) => !Object.hasOwn(now, path));
  for (const [path, what] of Object.entries(now)) {
    if (!Object.hasOwn(before, path)) added.push(path);
    else if (before[path] !== what) changed.push(path);
  }
  return (
    several(changed, 'changed') ?? several(added, 'is new', 'are new') ?? several(gone, 'is not there any more', 'are not there any more')
  );
}

function several(paths: string[], verb: string, plural = verb): string | undefined {
  const [first] = paths.sort();
  if (first === undefined) return undefined;
  if (paths.length === 1) return `the file ${shown(first)} ${verb}`;
  return `${paths.length} files ${plural}, the first is ${shown(first)}`;
}

function changedArgument(now: StepInputs['args'] = {}, before: StepInputs['args'] = {}): string | undefined {
  for (const name of Object.keys({ ...now, ...before }).sort()) {
    const [is, was] = [now[name], before[name]];
    if (is === was) continue;
    if (was === undefined) return `the variable ${name} is new: ${shown(is ?? '')}`;
    if (is === undefined) return `the variable ${name} is not set any more: it was ${shown(was)}`;
    return `the variable ${name} changed from ${shown(was)} to ${shown(is)}`;
  }
  return undefined;
}

function changedMount(now: StepInputs['mounts'] = [], before: StepInputs['mounts'] = []): string | undefined {
  const index = Math.max(now.length, before.length);
  for (let at = 0; at < index; at++) {
    const [is, was] = [now[at], before[at]];
    if (is === was) continue;
    if (was === undefined) return `the mount ${shown(is ?? '')} is new`;
    if (is === undefined) return `the mount ${shown(was)} is not there any more`;
    return `a mount changed from ${shown(was)} to ${shown(is)}`;
  }
  return undefined;
}

function changedParent(now: string, before: string): string | undefined {
  if (now === before) return undefined;
  const short = (digest: string): string => digest.replace(/^sha256:/, '').slice(0, 12) || 'nothing';
  return `what it is built on changed from ${short(before)} to ${short(now)}`;
}

const shown = (text: string): string => JSON.stringify(text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text);
