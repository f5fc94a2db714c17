// A container's life under its supervisor: prepare once, then run → wait for the end, again and again as the restart policy
// says. The supervisor holds the container's lock, so it alone writes state.json. Order at the end: output delivered, log closed, state
// on disk, then the attached clients are told; if we die in between, readers find the lock free and show the container as exited.
// Longer than other files: it is one state machine, and its order is what keeps it right.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ContainerView, ZERO_TIME } from '../../storage/container.ts';
import { recordDetachedEnd } from '../../storage/container-execs.ts';
import { removeContainer } from '../../storage/container-removal.ts';
import { recordNetworkUse, recordUsesBegin, recordUsesEnd } from '../../storage/container-uses.ts';
import { containerDir, containerLockPath, containerRunDir, containerSocketPath, overlaysDir } from '../../storage/layout.ts';
import type { EndpointSettings } from '../../storage/network-records.ts';
import type { ContainerRecord, ContainerState } from '../../storage/records.ts';
import { childEnv } from '../../sys/child-env.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError, messageOf } from '../../sys/errors.ts';
import { isHungUp } from '../../sys/fd.ts';
import { detach, detachIfMounted } from '../../sys/mount.ts';
import { kill, startTime } from '../../sys/process.ts';
import { SIGKILL, signalNumber } from '../../sys/signals.ts';
import { type CgroupPlace, placeContainer } from '../cgroup.ts';
import { endCgroup } from '../cgroup-end.ts';
import { openContainerLog } from '../container-log.ts';
import type { ExecRequest } from '../exec-process.ts';
import { healthPlan } from '../health-plan.ts';
import { DEFAULT_STOP_SECONDS, type SupervisorRequest } from '../messages.ts';
import { hostArchitecture } from '../spec/host-facts.ts';
import type { OciProcess } from '../spec/types.ts';
import { ContainerBook } from './book.ts';
import { tellFront } from './context.ts';
import { type AttachedClient, type Controlled, serveControl } from './control.ts';
import { type RuntimeCall, runtimeCall, runWithRuntime } from './crun.ts';
import { makeGate } from './gate.ts';
import { type Guard, startGuard } from './guard.ts';
import type { ContainerHealth } from './health/container.ts';
import { isolate, type Surroundings } from './isolate.ts';
import { requireSources } from './mount-sources.ts';
import { type ContainerNetwork, openNetwork } from './network.ts';
import { type Orphans, watchOrphans } from './orphans.ts';
import { createPausing, type Pausing } from './pausing.ts';
import { prepareMounts, prepareRootfs, type RootfsSite, remountRootfs, writeBundle } from './prepare.ts';
import { nextPause, shouldRestart } from './restart-policy.ts';
import { keepRunLimits, type RunLimits } from './run-limits.ts';
import { openStreams, type Streams } from './streams.ts';
import { stirred } from './tidy.ts';
import { timeLimit } from './time-limit.ts';
import { untilOrStuck } from './until-stuck.ts';

/** Our standard output, whose other end the front holds while it waits for the start. */
const FRONT_FD = 1;
const FRONT_CHECK_MS = 100;
/** How long a child's death may take to be heard of. */
const NEWS_MS = 50;

export interface SuperviseOptions {
  /** Do not start before a client has attached. */
  waitForAttach: boolean;
}

/** Runs the container until it is down for good. Throws what kept it from starting the first time. */
export async function supervise(ctx: Ctx, view: ContainerView, options: SuperviseOptions): Promise<void> {
  const life = new Life(ctx, view);
  try {
    await life.begin(options);
  } catch (error) {
    await life.abandon(error);
    throw error;
  }
  await life.live();
}

class Life extends ContainerBook implements Controlled {
  readonly tty: boolean;
  private surroundings: Surroundings;
  private orphans: Orphans = watchOrphans((pid, code) => recordDetachedEnd(this.ctx, this.record, { pid, code }));
  private cgroup: CgroupPlace;
  private network: ContainerNetwork | undefined;
  private rootfs = '';
  /** File of a user namespace within ours. */
  private userns: string | undefined;
  private hasLostRootfs = false;
  private streams: Streams | undefined;
  private control: { stop(): void } | undefined;
  private clients = new Set<AttachedClient>();
  private pid = 0;
  /** Where no pid namespace of ours dies with us, and the container's with its init. */
  private guard: Guard | undefined;
  private health: ContainerHealth | undefined;
  private readonly limits: RunLimits;
  private readonly pausing: Pausing;
  private endTimeLimit: () => void = () => undefined;
  private exited: Promise<number> = Promise.resolve(0);
  private startedMs = 0;
  /** A restart that no policy decides on. */
  private isRestartAsked = false;
  private isAttached = false;
  private isGoingDown = false;
  /** Resolves when the program of the current start runs. */
  private running = Promise.withResolvers<void>();
  private attached = Promise.withResolvers<void>();
  /** Resolves when a stop was asked for; ends the pause before a restart. */
  private stopAsked = Promise.withResolvers<void>();
  /** Aborted with it; ends the copies of a start. */
  private stopped = new AbortController();
  /** Resolves when the container's end is on disk and no restart follows. */
  private finished = Promise.withResolvers<void>();
  /** Somebody stopped it, which is an event of its own. */
  private isStopped = false;
  /** It is removed when it is down: its end need not be written. */
  private isRemoved = false;
  /** It is started again when it is down: --rm waits for the next end. */
  private isKept = false;
  private closeLog: () => void = () => undefined;

  constructor(ctx: Ctx, view: ContainerView) {
    super(ctx, view);
    this.tty = view.record.Config.Tty;
    this.surroundings = isolate(containerRunDir(ctx, view.record.Id), view.record);
    this.cgroup = placeContainer(view.record);
    this.limits = keepRunLimits({
      path: this.cgroup.path,
      onOomKill: () => {
        this.tryNote({ OOMKilled: true });
        this.tell('oom');
      },
      change: async (limits) => (await import('../live-limits.ts')).changeLimits(this.cgroup, limits),
      warn: ctx.warn,
    });
    this.pausing = createPausing({
      cgroup: this.cgroup,
      container: () => ({ record: this.record, state: this.state, pid: this.pid }),
      health: () => this.health,
      note: (change) => this.note(change),
      tryNote: (change) => this.tryNote(change),
      tell: (action) => this.tell(action),
    });
  }

  async begin({ waitForAttach }: SuperviseOptions): Promise<void> {
    // pasta needs no rootfs and the rootfs no network: side by side. The front attaches meanwhile.
    const onSpawn = (pid: number): void => this.orphans.ours(pid);
    const { family } = this.surroundings;
    if (family) this.guard = startGuard(family, { env: childEnv(this.ctx.env), onSpawn });
    process.on('SIGTERM', () => void this.goDown());
    // What a killed predecessor wrote would be taken for ours now that the lock is held; and if we die, our cgroup is found.
    this.note({ SupervisorPid: this.surroundings.hostPid(process.pid), CgroupPath: this.cgroup.path ?? '' });
    const onPasta = (pid: number): void => this.guard?.child(pid);
    const { scratch, hostProc } = this.surroundings;
    this.userns = await this.ownUsers(onSpawn);
    const onRestart = (): void => this.tell('uplink_restart');
    const current = (): ContainerRecord => this.record;
    const site = { scratch, hostProc, onSpawn, onPasta, onRestart, current, ...(this.userns ? { userns: this.userns } : {}) };
    this.network = await openNetwork(this.ctx, this.record, site);
    await this.openStreams();
    this.control = serveControl(containerSocketPath(this.ctx, this.record.Id), this);
    if (waitForAttach) tellFront({ type: 'ready' });
    const isFirstStart = this.state.StartedAt === ZERO_TIME;
    await this.prepare(isFirstStart).catch((error: unknown) => {
      throw this.isStopWanted() ? stoppedEarly() : error;
    });
    await this.start(waitForAttach && !this.isAttached ? this.clientAttached() : undefined);
    tellFront({ type: 'started', pid: this.state.Pid });
  }

  private async prepare(isFirstStart: boolean): Promise<void> {
    const site = { ...this.rootfsSite(), isFirstStart, hostProc: this.surroundings.hostProc };
    requireSources(this.record);
    this.rootfs = await prepareRootfs(this.ctx, this.record, site);
    await prepareMounts(this.ctx, this.record, { ...site, rootfs: this.rootfs });
  }

  /** For --userns keep-id; not where that of another container is joined. */
  private async ownUsers(onSpawn: (pid: number) => void): Promise<string | undefined> {
    const { HostConfig } = this.record;
    if (!HostConfig.UsernsMode) return undefined;
    const { ownUserNamespace } = await import('./nested-users.ts');
    return ownUserNamespace(HostConfig, { env: this.ctx.env, onSpawn });
  }

  /** Resolves when the front has attached. Throws ERR_NOT_ATTACHED when it is gone: nobody would see what the container does. */
  private async clientAttached(): Promise<void> {
    while (!this.isAttached) {
      await Promise.race([this.attached.promise, Bun.sleep(FRONT_CHECK_MS)]);
      if (this.isAttached || !isHungUp(FRONT_FD)) continue;
      throw new EngineError('ERR_NOT_ATTACHED', 'The command that was to attach to the container is gone', { exitCode: 125 });
    }
  }

  async live(): Promise<void> {
    let pauseMs = 0;
    for (;;) {
      const code = await this.ended();
      const ranMs = performance.now() - this.startedMs;
      const ending = { code, ranMs, restarts: this.state.RestartCount, manuallyStopped: this.state.ManuallyStopped };
      const isAsked = this.isRestartAsked && !this.state.ManuallyStopped;
      this.isRestartAsked = false;
      if (this.isGoingDown || (!isAsked && !shouldRestart(this.record.HostConfig.RestartPolicy, ending))) break;
      pauseMs = isAsked ? 0 : nextPause(pauseMs, ranMs);
      this.trySave({ Status: 'restarting', RestartCount: this.state.RestartCount + (isAsked ? 0 : 1) });
      void this.dismissClients(code);
      await Promise.race([Bun.sleep(pauseMs), this.stopAsked.promise]);
      if (this.isStopWanted()) break;
      try {
        // `update` may have changed its limits meanwhile.
        this.reread();
        await this.openStreams();
        if (this.hasLostRootfs) {
          this.hasLostRootfs = false;
          this.rootfs = await remountRootfs(this.ctx, this.record, this.rootfsSite());
        }
        await this.start();
        if (isAsked) this.tell('restart');
      } catch (error) {
        await this.orphans.endAll();
        this.trySave({ Error: messageOf(error) });
        break;
      }
    }
    await this.finish();
  }

  /** The container could not be started: what was set up goes, its state keeps the reason. */
  async abandon(error: unknown): Promise<void> {
    // The runtime may still be at it: nothing of it may come after the cleaning up.
    await this.orphans.endAll();
    this.network?.close();
    delete this.state.Networks;
    const exitCode = error instanceof EngineError ? error.exitCode : 128;
    try {
      this.save({
        Status: this.state.StartedAt === ZERO_TIME ? 'created' : 'exited',
        Pid: 0,
        SupervisorPid: 0,
        ExitCode: exitCode,
        Error: messageOf(error),
        Ports: {},
      });
    } finally {
      await this.clear();
      if (this.record.HostConfig.AutoRemove && !this.isKept) this.removeItself();
      this.finished.resolve();
    }
  }

  private async openStreams(): Promise<void> {
    const log = await openContainerLog(this.ctx, this.record);
    this.closeLog = () => log?.close();
    this.streams = openStreams({ stdin: this.record.Config.OpenStdin, terminal: this.tty, log });
  }

  /** Runs the container's program, once the network is up and `condition` holds. */
  private async start(condition?: Promise<void>): Promise<void> {
    const { ctx, record, network, cgroup, rootfs, streams } = this;
    this.running = Promise.withResolvers<void>();
    if (!network || !streams) throw new Error('Started before it was prepared');
    const call = this.runtimeCall();
    const init = record.HostConfig.Init ? { init: (await import('../init-file.ts')).initFile(ctx, hostArchitecture()) } : {};
    const gate = network.isUp() && !condition ? undefined : makeGate(Bun.which('grep') ?? '/bin/grep');
    const hooks = gate ? { hooks: gate.hooks } : {};
    const { DeviceRequests } = record.HostConfig;
    const edits = DeviceRequests ? { edits: await (await import('../cdi/resolve.ts')).resolveDevices(ctx, DeviceRequests) } : {};
    const surroundings = { ...this.surroundings, ...(this.userns ? { userns: this.userns } : {}) };
    const places = { rootfs, network: network.spec, files: network.files, cgroup, surroundings };
    const input = { ...places, runtime: call.runtime, ...init, ...hooks, ...edits };
    const { bundle, keepFilter } = writeBundle(ctx, record, input);
    await network.made;
    let now = ctx.now();
    const go = Promise.all([network.ready, condition]).then(() => {
      if (this.isStopWanted()) throw stoppedEarly();
      network.announce();
      now = ctx.now();
      this.startedMs = performance.now();
      gate?.open();
    });
    const request = { bundle, stdio: streams.stdio, terminal: this.tty, scratch: this.surroundings.scratch, ready: go };
    const [started] = await Promise.all([runWithRuntime(call, request), go])
      .catch(async (error: unknown) => {
        // The runtime may see it a moment before we hear of it, and says only what it stumbled over.
        if (record.Driver === 'fuse-overlayfs') await Bun.sleep(NEWS_MS);
        throw this.hasLostRootfs ? lostRootfs(record) : error;
      })
      .finally(() => gate?.remove());
    this.pid = started.pid;
    stirred();
    this.running.resolve();
    this.exited = this.orphans.exitOf(started.pid);
    const initStarted = this.guard && startTime(started.pid);
    streams.handedOver();
    streams.begin(started.terminal);
    keepFilter?.(join(call.stateRoot, call.id, 'seccomp.bpf'));
    await this.prepareHealth();
    this.state.OOMKilled = false;
    this.limits.begin(record.HostConfig);
    this.save({
      Status: 'running',
      Pid: this.surroundings.hostPid(this.pid),
      ...(initStarted ? { InitStarted: initStarted } : {}),
      SupervisorPid: this.surroundings.hostPid(process.pid),
      StartedAt: now.toISOString(),
      ExitCode: 0,
      Error: '',
      CgroupPath: cgroup.path ?? '',
      ...this.networkState(network),
      ...(this.health ? { Health: this.health.state() } : {}),
    });
    recordUsesBegin(ctx, this.record);
    this.tell('start');
    // An update that did not find it running yet has changed the record alone.
    void this.limits.follow(this.record.HostConfig);
    this.health?.begin();
    const { TimeoutSeconds } = record.Extras ?? {};
    if (TimeoutSeconds) this.endTimeLimit = timeLimit(TimeoutSeconds * 1000, () => this.timeIsOver(TimeoutSeconds));
  }

  private networkState(network: ContainerNetwork): Pick<ContainerState, 'Ports' | 'Network' | 'Networks'> {
    const networks = network.networks();
    return { Ports: network.ports(), Network: network.settings(), ...(networks ? { Networks: networks } : {}) };
  }

  private rootfsSite(): RootfsSite {
    const { scratch } = this.surroundings;
    const { signal } = this.stopped;
    return { scratch, signal, onSpawn: (pid) => this.orphans.ours(pid), onLost: () => this.rootfsLost() };
  }

  /** Who served its files is dead: nothing that it does now could go right. Its restart policy may start it again, on a new mount. */
  private rootfsLost(): void {
    this.hasLostRootfs = true;
    if (!this.pid) return;
    this.state.Error = lostRootfs(this.record).message;
    this.signalWith(SIGKILL);
  }

  private timeIsOver(seconds: number): void {
    this.state.Error = `The container ran longer than its --timeout of ${seconds} seconds`;
    void this.endRun(undefined, undefined);
  }

  private async prepareHealth(): Promise<void> {
    const plan = healthPlan(this.record.Config);
    if (!plan) return;
    const { containerHealth } = await import('./health/container.ts');
    this.health = containerHealth(plan, {
      ctx: this.ctx,
      call: this.runtimeCall(),
      scratch: this.surroundings.scratch,
      pid: this.pid,
      startedMs: this.startedMs,
      before: this.state.Health,
      save: (Health) => this.tryNote({ Health }),
      tell: (action, attributes) => this.tell(action, attributes),
      onUnhealthy: () => this.actOnFailure(),
    });
  }

  /** What --health-on-failure asks for. A stop that is under way is left to it. */
  private actOnFailure(): void {
    const action = this.record.Extras?.HealthOnFailure ?? 'none';
    if (action === 'none' || this.state.ManuallyStopped) return;
    this.isRestartAsked = action === 'restart';
    if (action === 'stop') {
      this.state.ManuallyStopped = true;
      this.isStopped = true;
    }
    void this.endRun(action === 'kill' ? 'SIGKILL' : undefined, undefined);
  }

  /** Waits for the end of the run; its output is delivered then. */
  private async ended(): Promise<number> {
    const code = await this.exited;
    this.pid = 0;
    this.network?.withdraw();
    this.limits.end();
    this.endTimeLimit();
    if (this.health) this.state.Health = await this.health.end();
    // Killed while it was paused; its cgroup is used again by a restart.
    this.pausing.thaw();
    await this.surroundings.family?.end();
    await Promise.all([this.outputDelivered(), this.network?.drained()]);
    this.streams?.endInput();
    this.closeLog();
    Object.assign(this.state, { Pid: 0, ExitCode: code, FinishedAt: this.ctx.now().toISOString() });
    this.tell('die', { execDuration: String(Math.floor((performance.now() - this.startedMs) / 1000)), exitCode: String(code) });
    recordUsesEnd(this.ctx, this.record);
    return code;
  }

  private async finish(): Promise<void> {
    const { record } = this;
    this.control?.stop();
    this.network?.close();
    await this.clear();
    try {
      delete this.state.Networks;
      if (this.isStopped && !this.isRemoved) this.tell('stop');
      if (record.HostConfig.AutoRemove && !this.isKept) this.removeItself();
      else if (!this.isRemoved) this.trySave({ Status: 'exited', SupervisorPid: 0, Ports: {} });
    } finally {
      this.finished.resolve();
      await this.dismissClients(this.state.ExitCode);
    }
  }

  private removeItself(): void {
    this.reread();
    removeContainer(this.ctx, this.record, { volumes: true });
    rmSync(containerLockPath(this.ctx, this.record.Id), { force: true });
  }

  private signalWith(signal: number): void {
    if (this.pid && kill(this.pid, signal)) this.tell('kill', { signal: String(signal) });
  }

  /** Takes down what would outlive us or stand in the way of a removal. */
  private async clear(): Promise<void> {
    this.control?.stop();
    await endCgroup(this.cgroup.path ?? '');
    if (this.record.Driver !== 'copy') {
      // A start that failed may have mounted it or not.
      detachIfMounted(this.rootfs || join(containerDir(this.ctx, this.record.Id), 'merged'));
      // Overlay leaves a folder of mode 000 in it, which only root of the namespace gets rid of; without it the front can remove the rest.
      rmSync(join(containerDir(this.ctx, this.record.Id), 'work/work'), { recursive: true, force: true });
    }
    rmSync(overlaysDir(this.ctx, this.record.Id), { recursive: true, force: true });
    detach(this.surroundings.scratch);
    rmSync(containerRunDir(this.ctx, this.record.Id), { recursive: true, force: true });
  }

  /** Resolves when all that the container printed is with the log and the clients; a client that takes nothing any more is dropped. */
  private async outputDelivered(): Promise<void> {
    await untilOrStuck(this.streams?.ended ?? Promise.resolve(), this.clients);
  }

  private async dismissClients(code: number): Promise<void> {
    const leaving = new Set(this.clients);
    this.clients.clear();
    const gone = [...leaving].map((client) => new Promise<void>((resolve) => client.onGone(resolve)));
    for (const client of leaving) client.finish(code);
    await untilOrStuck(Promise.all(gone), leaving);
  }

  private isStopWanted(): boolean {
    return this.state.ManuallyStopped || this.isGoingDown;
  }

  private endWaits(): void {
    this.stopAsked.resolve();
    this.stopped.abort();
  }

  /** The machine, or the user's session, goes down: end in order, and do not restart. What the user wants of it stays as it was. */
  private async goDown(): Promise<void> {
    this.isGoingDown = true;
    this.state.WentDown = true;
    this.endWaits();
    if (!this.pid) await Promise.race([this.running.promise, this.finished.promise]);
    await this.endRun(undefined, undefined);
  }

  private runtimeCall(): RuntimeCall {
    const { orphans, cgroup } = this;
    return runtimeCall(this.ctx, this.record, { orphans, managesCgroups: cgroup.path !== undefined });
  }

  // Controlled

  attach(client: AttachedClient, request: { output: boolean; start: boolean }): void {
    this.clients.add(client);
    const leave = request.output ? this.streams?.attach(client) : undefined;
    client.onGone(() => {
      leave?.();
      this.clients.delete(client);
      // The one it was started for is gone: its input has ended, as at a closed pipe.
      if (request.start && !this.tty) this.inputEnded();
    });
    if (request.output) this.tell('attach');
    if (request.start) {
      this.isAttached = true;
      this.attached.resolve();
    }
  }

  async input(chunk: Uint8Array): Promise<void> {
    await this.streams?.writeInput(chunk);
  }

  inputEnded(): void {
    if (this.record.Config.StdinOnce) this.streams?.endInput();
  }

  resize(size: { rows: number; columns: number }): void {
    this.streams?.resize(size);
    this.tell('resize', { height: String(size.rows), width: String(size.columns) });
  }

  detached(): void {
    this.tell('detach');
  }

  signal(signal: string): void {
    this.signalWith(signalNumber(signal));
  }

  async stop({ signal, timeoutSeconds, isRemoved = false, keep = false }: Extract<SupervisorRequest, { type: 'stop' }>): Promise<void> {
    this.state.ManuallyStopped = true;
    this.isStopped = true;
    this.isRemoved ||= isRemoved;
    this.isKept = keep;
    this.endWaits();
    // One that is still starting is stopped before its program runs, or right after.
    if (!this.pid) await Promise.race([this.running.promise, this.finished.promise]);
    await this.endRun(signal, timeoutSeconds);
    await this.finished.promise;
  }

  pause(): Promise<symbol> {
    return this.pausing.pause();
  }

  unpause(mark?: symbol): void {
    this.pausing.unpause(mark);
  }

  async connect(name: string, endpoint: EndpointSettings): Promise<void> {
    await this.changeNetworks((network) => network.connect(name, endpoint));
    recordNetworkUse(this.ctx, { container: this.record.Id, name, id: endpoint.NetworkID }, 'connect');
  }

  async disconnect(name: string): Promise<void> {
    const id = this.network?.networks()?.[name]?.NetworkID ?? '';
    await this.changeNetworks((network) => network.disconnect(name));
    recordNetworkUse(this.ctx, { container: this.record.Id, name, id }, 'disconnect');
  }

  private async changeNetworks(change: (network: ContainerNetwork) => Promise<void>): Promise<void> {
    // One that is still coming up is waited for.
    if (!this.pid) await Promise.race([this.running.promise, this.finished.promise]);
    const { network } = this;
    // Between two runs its namespace is there all the same.
    const isThere = this.pid || this.state.Status === 'restarting';
    if (!network || !isThere) throw new EngineError('ERR_NOT_RUNNING', `Container ${this.record.Id} is not running`);
    this.reread();
    try {
      await change(network);
    } finally {
      this.note(this.networkState(network));
    }
  }

  updated(): Promise<void> {
    this.reread();
    // It may have another name.
    if (this.pid) this.network?.announce();
    return this.limits.follow(this.record.HostConfig);
  }

  async check(): Promise<number> {
    const code = this.pid && this.state.Status !== 'paused' ? await this.health?.checkNow() : undefined;
    if (code !== undefined) return code;
    throw new EngineError('ERR_NOT_RUNNING', `Container ${this.record.Id} is not running`, { exitCode: 125 });
  }

  /** Signals the running program, and kills it when its time is over. */
  private async endRun(signal: string | undefined, timeoutSeconds: number | undefined): Promise<void> {
    const { Config } = this.record;
    if (!this.pid) return;
    const first = signalNumber(signal ?? Config.StopSignal ?? 'SIGTERM');
    this.signalWith(first);
    this.pausing.thaw();
    if (first === SIGKILL) return;
    const seconds = timeoutSeconds ?? Config.StopTimeout ?? DEFAULT_STOP_SECONDS;
    const isOver = this.exited.then(() => true);
    const ended = seconds < 0 ? await isOver : await Promise.race([isOver, Bun.sleep(seconds * 1000).then(() => false)]);
    if (ended || !this.pid) return;
    this.signalWith(SIGKILL);
    // Paused meanwhile, perhaps.
    this.pausing.thaw();
  }

  async describe(exec: ExecRequest): Promise<OciProcess> {
    if (!this.pid) throw new EngineError('ERR_NOT_RUNNING', `container ${this.record.Id} is not running`);
    const { describeExec } = await import('../exec-process.ts');
    return describeExec(this.ctx, { id: this.record.Id, pid: this.pid, hostConfig: this.record.HostConfig }, exec);
  }

  async kill(signal: string): Promise<void> {
    const number = signalNumber(signal);
    if (!this.pid && this.state.Status === 'restarting') {
      // As Docker: in the pause before a restart any signal ends the loop.
      this.state.ManuallyStopped = true;
      return this.endWaits();
    }
    if (!this.pid) throw new EngineError('ERR_NOT_RUNNING', `Container ${this.record.Id} is not running`);
    // As Docker: a container that the user killed is not restarted, one that was only signalled is.
    const isEnd = number === SIGKILL || number === signalNumber(this.record.Config.StopSignal ?? 'SIGTERM');
    if (isEnd) this.state.ManuallyStopped = true;
    this.signalWith(number);
    if (isEnd) this.pausing.thaw();
  }
}

const stoppedEarly = (): EngineError => new EngineError('ERR_STOPPED', 'The container was stopped while it started', { exitCode: 125 });

const lostRootfs = ({ Driver }: Pick<ContainerRecord, 'Driver'>): EngineError =>
  new EngineError('ERR_ROOTFS', `Its root file system went away: ${Driver} has died`, { exitCode: 125 });
