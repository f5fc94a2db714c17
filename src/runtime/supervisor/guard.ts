// Stands by a supervisor that is not PID 1 of a pid namespace: when that dies, however it dies, the guard kills what it leaves behind. It is
// a shell that reads a pipe of the supervisor's: the pipe's end is the news. Whom to kill it knows by namespaces that it keeps open, so
// that their numbers cannot be given away: its own mount namespace, which is the supervisor's (runtime, fuse-overlayfs), and the namespace
// of the container's family. pasta goes into namespaces of its own: its folder in /proc is held, which never becomes another's.
import type { Family } from '../family.ts';

export interface Guard {
  /** One process more. Replaces the one before. */
  child(pid: number): void;
}

const SCRIPT = `
exec 4<"$0"
own=$(readlink /proc/$$/ns/mnt); family=$(readlink /proc/$$/fd/4)
while read -r pid; do command exec 3<"/proc/$pid"; done
read -r pid rest <"/proc/$$/fd/3/stat" && kill -9 "$pid"
for round in 1 2 3 4 5 6 7 8; do
  found=
  for process in /proc/[0-9]*; do
    pid=\${process#/proc/}
    [ "$pid" != $$ ] || continue
    if [ "$(readlink "$process/ns/mnt")" != "$own" ]; then
      [ "$(readlink "$process/ns/$1")" = "$family" ] || continue
    fi
    kill -9 "$pid" && found=1
  done
  [ "$found" ] || exit 0
done
`;

/** Starts the guard of a family. `onSpawn` is told of it at once. */
export function startGuard(family: Family, { env, onSpawn }: { env: Record<string, string>; onSpawn: (pid: number) => void }): Guard {
  const guard = Bun.spawn(['sh', '-c', SCRIPT, family.path, family.kind], { stdio: ['pipe', 'ignore', 'ignore'], cwd: '/', env });
  onSpawn(guard.pid);
  guard.unref();
  return {
    child: (pid) => {
      guard.stdin.write(`${pid}\n`);
      void guard.stdin.flush();
    },
  };
}
