// Pausing a container: its processes rest, no check of its health runs, its state says so. Every pause has a mark, so that who paused it for a
// while undoes that pause and no later one of somebody else's. Trap: whoever ends a paused container thaws it, also while it only freezes.
import type { ContainerRecord, ContainerState } from '../../storage/records.ts';
import { EngineError } from '../../sys/errors.ts';
import type { CgroupPlace } from '../cgroup.ts';
import { freeze, thaw as thawCgroup } from '../freezer.ts';

export interface Pausing {
  /** Resolves when every process rests. Throws ERR_PAUSED, ERR_NOT_RUNNING, ERR_NO_CGROUP, ERR_CANNOT_FREEZE, and what `note` throws. */
  pause(): Promise<symbol>;
  /** `mark`: only that pause. Throws ERR_NOT_PAUSED. */
  unpause(mark?: symbol): void;
  /** Lets the processes run, whatever was wanted of them: the container ends. */
  thaw(): void;
}

export interface PausingSite {
  cgroup: Pick<CgroupPlace, 'path' | 'reason'>;
  /** `pid` of its program, 0 when none runs. */
  container(): { record: Pick<ContainerRecord, 'Id' | 'Name'>; state: ContainerState; pid: number };
  health(): { rest(): Promise<void>; begin(): void } | undefined;
  note(change: Partial<ContainerState>): void;
  tryNote(change: Partial<ContainerState>): void;
  tell(action: string): void;
}

export function createPausing({ cgroup, container, health, note, tryNote, tell }: PausingSite): Pausing {
  let isFreezing = false;
  let current: symbol | undefined;

  return { pause, unpause, thaw };

  async function pause(): Promise<symbol> {
    const { record, state, pid } = container();
    if (state.Status === 'paused' || isFreezing) throw new EngineError('ERR_PAUSED', `Container ${record.Id} is already paused`);
    if (!pid) throw notRunning();
    if (!cgroup.path) throw noCgroup(record.Name, cgroup.reason);
    isFreezing = true;
    try {
      await health()?.rest();
      // Ended meanwhile, and thawed for that.
      if (!isFreezing || !(await freeze(cgroup.path)) || !container().pid) throw notRunning();
      note({ Status: 'paused' });
    } catch (error) {
      thaw();
      health()?.begin();
      throw error;
    } finally {
      isFreezing = false;
    }
    current = Symbol('pause');
    tell('pause');
    return current;
  }

  function unpause(mark?: symbol): void {
    const { record, state } = container();
    if (state.Status !== 'paused' || (mark && mark !== current)) {
      throw new EngineError('ERR_NOT_PAUSED', `Container ${record.Id} is not paused`);
    }
    thaw();
    tell('unpause');
    health()?.begin();
  }

  function thaw(): void {
    const isPaused = container().state.Status === 'paused';
    if (cgroup.path && (isPaused || isFreezing)) thawCgroup(cgroup.path);
    isFreezing = false;
    if (isPaused) tryNote({ Status: 'running' });
  }

  function notRunning(): EngineError {
    return new EngineError('ERR_NOT_RUNNING', `Container ${container().record.Id} is not running`);
  }
}

const noCgroup = (name: string, reason: string): EngineError =>
  new EngineError('ERR_NO_CGROUP', `Cannot pause container "${name}": it has no cgroup of its own (${reason})`, {
    hint: 'See "skiff info" for how containers get one',
  });
