// Where journald listens for its native protocol.
import { connectDatagram, type DatagramSocket } from '../sys/datagram.ts';
import { EngineError } from '../sys/errors.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** SKIFF_JOURNAL_SOCKET names another one. */
export const journalSocket = (env: Env): string => env.SKIFF_JOURNAL_SOCKET ?? '/run/systemd/journal/socket';

/** Throws ERR_LOG_DRIVER (exit code 125) where there is no journald. */
export function connectJournal(env: Env): DatagramSocket {
  const path = journalSocket(env);
  try {
    return connectDatagram(path);
  } catch (cause) {
    throw new EngineError('ERR_LOG_DRIVER', `Cannot use the log driver "journald": nobody listens at ${path}`, {
      cause,
      hint: 'This machine runs no journald: use --log-driver local or json-file',
      exitCode: 125,
    });
  }
}
