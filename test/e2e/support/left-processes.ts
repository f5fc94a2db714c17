// Finds processes that belong to a sandbox: whoever names its folders in arguments or environment, and whoever lives in its user
// namespace. A process that is just ending is not a leak, so what is found must still be there a while later; nor are the holder and the
// shared uplink, which end with the sandbox: that the uplink ends of itself is for the tests of it to show.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { holderOf, type Sandbox, uplinksOf } from './sandbox.ts';

/** One sentence for each process of `box` that stays, its namespace holder and its uplink excepted. */
export async function leftProcesses(box: Sandbox): Promise<string[]> {
  let found = processesOf(box);
  for (let attempt = 0; found.length > 0 && attempt < 30; attempt++) {
    await Bun.sleep(100);
    found = processesOf(box);
  }
  return found;
}

function processesOf(box: Sandbox): string[] {
  const holder = holderOf(box);
  const uplinks = uplinksOf(box).map(String);
  const namespace = holder === undefined ? undefined : inodeOf(`/proc/${holder}/ns/user`);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== holder && Number(name) !== process.pid)
    .filter((pid) => isAlive(pid) && belongsTo(pid, box, namespace) && !uplinks.includes(groupOf(pid)))
    .map((pid) => `process ${pid}: ${read(pid, 'cmdline').replaceAll('\0', ' ').trim()}`);
}

function belongsTo(pid: string, box: Sandbox, namespace: number | undefined): boolean {
  const command = read(pid, 'cmdline');
  if (command.includes(box.root) || command.includes(box.run)) return true;
  if (read(pid, 'environ').split('\0').includes(`SKIFF_RUNROOT=${box.run}`)) return true;
  return namespace !== undefined && inodeOf(`/proc/${pid}/ns/user`) === namespace;
}

// `PID (name) state ppid pgrp …`; the name may hold anything.
const groupOf = (pid: string): string => read(pid, 'stat').split(') ').at(-1)?.split(' ')[2] ?? '';

const isAlive = (pid: string): boolean => !/^State:\s+[ZX]/m.test(read(pid, 'status')) && read(pid, 'status') !== '';

function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function inodeOf(path: string): number | undefined {
  try {
    return statSync(path).ino;
  } catch {
    return undefined;
  }
}
