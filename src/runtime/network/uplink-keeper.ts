// The keeper of the shared uplink: two small shells, outside of every container's pid namespace. The one starts pasta, and starts it again whenever
// it dies; the other waits until nobody uses the uplink for a while, and then ends both. So nothing runs beside the containers for long, and no
// command has to be there when the last of them ends. The kernel kills pasta and the second shell when the first dies, however it does.
// Trap: a user is who has the FIFO `users` open for writing. The FIFO is opened both ways first, as opening one end waits for the other.
import { closeSync, openSync } from 'node:fs';
import { currentEvents } from '../../storage/events.ts';
import { networkId } from '../../storage/network-id.ts';
import type { Ctx } from '../../sys/context.ts';
import { makePipe } from '../../sys/fd.ts';
import type { UplinkPlaces } from './uplink-record.ts';

/** Seconds without a user after which the uplink ends; SKIFF_UPLINK_LINGER sets it. */
const LINGER = 10;

// Positional: folder, seconds, the file of events, the event of a restart without its times, the watch, then pasta's command line.
// Descriptors: 0 the shared netns, 1 the pipe that pasta writes its pid to, 3 the lock. A first pasta that cannot say that it is up is the end:
// who waited for it is gone, or it was told why on standard error.
const KEEP = `
trap '' TERM HUP INT
folder=$1 linger=$2 events=$3 head=$4 watch=$5; shift 5
exec 5<>"$folder/alive"
setpriv --pdeathsig KILL sh -c "$watch" uplink-watch "$folder" "$linger" $$ </dev/null >/dev/null 3>&- 5>&- &
began=$(date +%s)
setpriv --pdeathsig KILL "$@" 3>&- 5>&-
code=$?
exec >/dev/null
while [ $code -ne 1 ] && [ $code -ne 127 ] && [ $code -ne 141 ]; do
  now=$(date +%s)
  [ $now -gt $began ] || sleep 1
  began=$now
  nano=$(date +%s%N)
  printf '\\n%s,"time":%s,"timeNano":%s}\\n' "$head" "\${nano%?????????}" "$nano" >>"$events"
  setpriv --pdeathsig KILL "$@" 3>&- 5>&-
  code=137
done
`;

// Positional: folder, seconds, the keeper's pid. The file's time is that of the last start. A shell that cannot open a file ends: the folder was
// removed under its feet, and with it whoever could use the uplink again. A keeper that ended before its end could reach us is not our parent any more, and
// its number may be somebody else's.
export const WATCH = `
[ "$PPID" = "$3" ] || exit 0
trap '' TERM HUP INT
folder=$1 linger=$2 keeper=$3 last=$(date +%s)
trap 'kill -9 $keeper' EXIT
while :; do
  began=$(date +%s)
  exec 7<>"$folder/users" 6<"$folder/users" 7>&-
  cat <&6 >/dev/null
  exec 6<&-
  now=$(date +%s) used=$(stat -c %Y "$folder/users")
  [ $now -le $began ] || last=$now
  [ $used -le $last ] || last=$used
  left=$((last + linger - now))
  [ $left -gt 0 ] || break
  sleep $left
done
`;

export interface KeeperOptions {
  /** The argv prefix that enters the user's namespace, and leaves the network namespace as it is. */
  enter: readonly string[];
  places: UplinkPlaces;
  /** pasta's command line; it finds the netns as its standard input, and writes its pid to its standard output. */
  pasta: readonly string[];
  /** Descriptor of the shared netns. */
  netns: number;
  /** Descriptor of the held lock. */
  lock: number;
}

export interface Keeper {
  child: Bun.Subprocess;
  /** True once pasta is up; false when the keeper has ended, or it takes too long: it is killed then. */
  isUp(patienceMs: number): Promise<boolean>;
}

/** Starts a keeper. */
export function spawnKeeper(ctx: Ctx, options: KeeperOptions): Keeper {
  const { enter, places, pasta, netns, lock } = options;
  const log = openSync(places.log, 'w', 0o600);
  const argv = ['sh', '-c', KEEP, 'uplink', places.folder, lingerSeconds(ctx), currentEvents(ctx), restartEvent(), WATCH, ...pasta];
  // A socket, which a 'pipe' would be, cannot be opened by its path.
  const output = makePipe();
  const child = Bun.spawn([...enter, ...argv], {
    stdio: [netns, output.write, log, lock],
    cwd: '/',
    detached: true,
    env: { PATH: ctx.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  closeSync(log);
  closeSync(output.write);
  return { child, isUp: (patienceMs) => isUp(child, output.read, patienceMs) };
}

async function isUp(child: Bun.Subprocess, output: number, patienceMs: number): Promise<boolean> {
  const reader = Bun.file(output).stream().getReader();
  const first = await Promise.race([reader.read(), Bun.sleep(patienceMs).then(() => undefined)]);
  await reader.cancel();
  closeSync(output);
  if (first?.value !== undefined) return true;
  child.kill('SIGKILL');
  return false;
}

const lingerSeconds = ({ env }: Ctx): string =>
  /^\d{1,6}$/.test(env.SKIFF_UPLINK_LINGER ?? '') ? (env.SKIFF_UPLINK_LINGER ?? '') : String(LINGER);

// As recordEvent writes it, less the times and the closing brace.
function restartEvent(): string {
  const Actor = { ID: networkId('bridge'), Attributes: { name: 'bridge', type: 'bridge' } };
  return JSON.stringify({ Type: 'network', Action: 'uplink_restart', Actor, scope: 'local' }).slice(0, -1);
}
