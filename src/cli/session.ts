// A person at an attached container: keys and pipes in, streams out, terminal size and signals passed on, detach keys watched.
// The terminal is put back however the session ends; only kill -9 of the front leaves it raw.
import type { Attachment } from '../engine/attach.ts';
import { isFile, readFileOn } from '../sys/file-input.ts';
import { PROXIED_SIGNALS, signalNumber } from '../sys/signals.ts';
import { makeRaw, terminalSize } from '../sys/terminal.ts';
import { detachFilter, parseDetachKeys } from './detach-keys.ts';
import { isTerminal } from './io.ts';

export interface SessionOptions {
  stdin: boolean;
  detachKeys: string;
  signals: boolean;
}

/** What ended the session: the container (its exit code), the user's detach keys, their third SIGINT or SIGTERM, or the supervisor's death. */
export type SessionEnd = { code: number } | 'detached' | 'forced' | 'lost';

/** How many SIGINT and SIGTERM are passed on before the user is taken to want out, as Docker's. */
const PATIENCE = 3;

/** Runs the session to its end. */
export async function runSession(attachment: Attachment, options: SessionOptions): Promise<SessionEnd> {
  const isRaw = attachment.tty && options.stdin && isTerminal(0);
  const restore = isRaw ? makeRawUntilEnded() : () => undefined;
  const left = Promise.withResolvers<'detached' | 'forced'>();
  const unhook = hookSignals(attachment, options.signals, () => left.resolve('forced'));
  if (options.stdin) void pumpInput(attachment, isRaw, options.detachKeys, () => left.resolve('detached'));
  try {
    return await Promise.race([attachment.exit.then((code): SessionEnd => (code === undefined ? 'lost' : { code })), left.promise]);
  } finally {
    restore();
    unhook();
  }
}

// A signal that ends us must not leave the user with a terminal that echoes nothing. What is typed (^C) goes to the container as a byte;
// these come from elsewhere, such as a closed window or a kill.
function makeRawUntilEnded(): () => void {
  const putBack = makeRaw(0);
  const enders = (['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const).map((name) => {
    const end = (): void => {
      putBack();
      process.exit(128 + signalNumber(name));
    };
    process.on(name, end);
    return () => process.off(name, end);
  });
  return () => {
    putBack();
    for (const unhook of enders) unhook();
  };
}

function hookSignals(attachment: Attachment, proxy: boolean, onForced: () => void): () => void {
  const hooks: [NodeJS.Signals, () => void][] = [];
  if (attachment.tty) {
    const resize = (): void => {
      const size = terminalSize(1) ?? terminalSize(0);
      if (size) attachment.resize(size);
    };
    resize();
    hooks.push(['SIGWINCH', resize]);
  }
  let asked = 0;
  const pass = (name: NodeJS.Signals): void => {
    attachment.signal(name);
    if ((name === 'SIGINT' || name === 'SIGTERM') && ++asked === PATIENCE) onForced();
  };
  if (proxy) for (const name of PROXIED_SIGNALS) hooks.push([name, () => pass(name)]);
  for (const [name, hook] of hooks) process.on(name, hook);
  return () => {
    for (const [name, hook] of hooks) process.off(name, hook);
  };
}

async function pumpInput(attachment: Attachment, isRaw: boolean, detachKeys: string, onDetach: () => void): Promise<void> {
  const filter = detachFilter(isRaw ? parseDetachKeys(detachKeys) : []);
  // Bun.stdin reads a terminal with pread, which it refuses: there process.stdin is needed, and only there.
  const source: AsyncIterable<Uint8Array> = isTerminal(0) ? process.stdin : isFile(0) ? readFileOn(0) : Bun.stdin.stream();
  for await (const chunk of source) {
    const { pass, isDetached } = filter.push(chunk);
    if (pass.length > 0) await attachment.input(pass);
    if (isDetached) return onDetach();
  }
  attachment.endInput();
}
