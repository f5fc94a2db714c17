// What a supervisor keeps of its container on disk: the record, which other commands may change (rename, update), the state, which it
// alone writes, and the events of the container's life.
import { type ContainerView, readContainerRecord, writeState } from '../../storage/container.ts';
import { recordContainerEvent } from '../../storage/events.ts';
import type { ContainerRecord, ContainerState } from '../../storage/records.ts';
import { bootId } from '../../sys/boot.ts';
import type { Ctx } from '../../sys/context.ts';
import { messageOf } from '../../sys/errors.ts';

export class ContainerBook {
  protected record: ContainerRecord;
  protected state: ContainerState;

  constructor(
    protected readonly ctx: Ctx,
    view: ContainerView,
  ) {
    this.record = view.record;
    this.state = { ...freshState(view.state), BootId: bootId(ctx.env) };
  }

  /** Takes over what `rename` and `update` have changed since. */
  reread(): void {
    this.record = readContainerRecord(this.ctx, this.record.Id) ?? this.record;
  }

  /** Records an event, under the name that the container has by now. */
  protected tell(action: string, attributes: Record<string, string> = {}): void {
    this.reread();
    recordContainerEvent(this.ctx, this.record, action, attributes);
  }

  /** Writes what has to outlast a power cut. */
  protected save(change: Partial<ContainerState>): void {
    // What a power cut takes of a container that removes itself is not missed.
    this.write(change, !this.record.HostConfig.AutoRemove);
  }

  /** A full disk must not take the container's end from who waits for it: then the record stays old, the clients are told. */
  protected trySave(change: Partial<ContainerState>): void {
    this.orWarn(() => this.save(change));
  }

  /** Writes what only matters while this machine stays up. */
  protected note(change: Partial<ContainerState>): void {
    this.write(change, false);
  }

  /** The same where nobody could be told that it cannot be written. */
  protected tryNote(change: Partial<ContainerState>): void {
    this.orWarn(() => this.note(change));
  }

  private write(change: Partial<ContainerState>, durable: boolean): void {
    Object.assign(this.state, change);
    writeState(this.ctx, this.record.Id, this.state, { durable });
  }

  private orWarn(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.ctx.warn(`The state of container ${this.record.Id} cannot be written: ${messageOf(error)}`);
    }
  }
}

// How its predecessor left it; what that wrote as running is over, or it would not have lost the lock.
function freshState(state: ContainerState): ContainerState {
  const isOver = state.Status === 'created' || state.Status === 'exited';
  const fresh: ContainerState = { ...state, ManuallyStopped: false, Error: '', OOMKilled: false, RestartCount: 0, Pid: 0, Ports: {} };
  delete fresh.InitStarted;
  delete fresh.Networks;
  delete fresh.WentDown;
  return isOver ? fresh : { ...fresh, Status: 'exited', ExitCode: 137 };
}
