// Starts a worker for one job and follows it to its end. The worker lives no longer than its starter: it has its standard input from
// us, and gives up when that closes, which a kill -9 of us does as well.
import type { FileChange } from '../runtime/messages-files.ts';
import type { PullEvent } from '../runtime/messages-work.ts';
import { userNamespaceArgv } from '../runtime/userns.ts';
import { childEnv } from '../sys/child-env.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { selfCommand } from '../sys/self.ts';
import type { BuildEvent } from './build/model.ts';
import { errorOf } from './work-failure.ts';
import type { Job, Results, RunningRequest, WorkerEvent, WorkerReply } from './work-messages.ts';

/** What a job's front hears and does while it goes on. */
export interface FollowOptions {
  onEvent?: ((event: PullEvent) => void) | undefined;
  onChanges?: ((changes: FileChange[]) => void) | undefined;
  /** The container's files have been read. */
  onRead?: (() => void) | undefined;
  /** Bytes, so far and in all. */
  onProgress?: ((done: number, total: number) => void) | undefined;
  onBuild?: ((event: BuildEvent) => void) | undefined;
  /** Answers what a build's first RUN asks for. Never throws. */
  onRunning?: ((request: RunningRequest, reply: (line: WorkerReply) => void) => void) | undefined;
  /** The worker is in the scope that it was to be started in. */
  onScoped?: (() => void) | undefined;
  signal?: AbortSignal | undefined;
  /** How long the worker may take to clean up after `signal`, ms; default ten seconds. */
  graceMs?: number | undefined;
}

export interface RunJobOptions extends FollowOptions {
  /** An open file that the worker is handed as its descriptor 3. */
  output?: number | undefined;
  /** How the user's namespace is entered; [] when we are inside it. Default: by nsenter. */
  enter?: string[];
  /** What the worker has open from descriptor 3 on. */
  descriptors?: number[];
  /** Called once the worker has them. */
  onStart?: (() => void) | undefined;
}

/** How long a worker may take to clean up after it was told to give up. */
const GRACE_MS = 10_000;
const LONGEST_STDERR = 4096;

/** Runs `job` and returns its result. Throws the job's own EngineError, ERR_INTERRUPTED or ERR_WORKER_DIED. */
export async function runJob<J extends Job>(ctx: Ctx, job: J, options: RunJobOptions = {}): Promise<Results[J['kind']]> {
  options.signal?.throwIfAborted();
  const enter = options.enter ?? (await userNamespaceArgv(ctx));
  const worker = Bun.spawn([...enter, ...selfCommand(), '__work', job.kind, ...('container' in job ? [job.container] : [])], {
    stdio: ['pipe', 'pipe', 'pipe', ...(options.output === undefined ? [] : [options.output]), ...(options.descriptors ?? [])],
    env: { ...childEnv(ctx.env), SKIFF_ROOT: ctx.paths.data, SKIFF_RUNROOT: ctx.paths.run },
  });
  options.onStart?.();
  return followWorker(ctx, worker, { job, options });
}

export type Worker = Bun.Subprocess<'pipe', 'pipe', 'pipe'>;

/** Gives a started worker its job and follows it to its end; what `runJob` does once there is a worker. */
export async function followWorker<J extends Job>(
  ctx: Ctx,
  worker: Worker,
  { job, options }: { job: J; options: FollowOptions },
): Promise<Results[J['kind']]> {
  const { signal } = options;
  let killer: Timer | undefined;
  const giveUp = (): void => {
    void worker.stdin.end();
    killer = setTimeout(() => worker.kill('SIGKILL'), options.graceMs ?? GRACE_MS);
  };
  try {
    worker.stdin.write(`${JSON.stringify(job)}\n`);
    // One that has ended already is told of by its end.
    await Promise.resolve(worker.stdin.flush()).catch(() => undefined);
    signal?.addEventListener('abort', giveUp, { once: true });
    if (signal?.aborted) giveUp();
    const [last, complaint] = await Promise.all([follow(ctx, worker, options), tailOf(worker.stderr), worker.exited]);
    if (last?.type === 'done') return last.result as Results[J['kind']];
    if (signal?.aborted) throw new EngineError('ERR_INTERRUPTED', 'Interrupted', { exitCode: 130 });
    throw last ? errorOf(last) : died(worker, complaint);
  } finally {
    signal?.removeEventListener('abort', giveUp);
    clearTimeout(killer);
    if (worker.exitCode === null && worker.signalCode === null) worker.kill('SIGKILL');
  }
}

type LastEvent = Extract<WorkerEvent, { type: 'done' | 'failed' }>;

async function follow(
  ctx: Ctx,
  { stdin, stdout }: Worker,
  { onEvent, onChanges, onRead, onProgress, onBuild, onRunning, onScoped }: FollowOptions,
): Promise<LastEvent | undefined> {
  const reply = (line: WorkerReply): void => {
    stdin.write(`${JSON.stringify(line)}\n`);
    // A worker that has died meanwhile is told of by its end.
    Promise.resolve(stdin.flush()).catch(() => undefined);
  };
  let last: LastEvent | undefined;
  let pending = '';
  const said = new Set<string>();
  const decoder = new TextDecoder();
  for await (const chunk of stdout) {
    const lines = (pending + decoder.decode(chunk, { stream: true })).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) {
      const event = JSON.parse(line) as WorkerEvent;
      if (event.type === 'notice') {
        // Several layers may have the same thing to say, each of a file of its own.
        const kind = event.message.replace(/"[^"]*"/g, '');
        if (!said.has(kind)) ctx.warn(event.message);
        said.add(kind);
      }
      if (event.type === 'pull') onEvent?.(event.event);
      if (event.type === 'changes') onChanges?.(event.changes);
      if (event.type === 'helper') void import('./helper-calls.ts').then(({ answerHelper }) => answerHelper(ctx, event, reply));
      if (event.type === 'read') onRead?.();
      if (event.type === 'build') onBuild?.(event.event);
      if (event.type === 'scoped') onScoped?.();
      if (event.type === 'running') onRunning?.(event, reply);
      if (event.type === 'progress') onProgress?.(event.done, event.total);
      if (event.type === 'done' || event.type === 'failed') last = event;
    }
  }
  return last;
}

async function tailOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of stream) text = (text + decoder.decode(chunk, { stream: true })).slice(-LONGEST_STDERR);
  return text.trim();
}

function died(worker: Bun.Subprocess, complaint: string): EngineError {
  const how = worker.signalCode ? `signal ${worker.signalCode}` : `exit code ${worker.exitCode}`;
  const said = complaint.split('\n').at(-1);
  return new EngineError('ERR_WORKER_DIED', `The worker ended before its work was done (${how})${said ? `: ${said}` : ''}`, {
    hint: 'Run the command again: what is half done is swept up',
  });
}
