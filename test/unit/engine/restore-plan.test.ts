import { type Candidate, inOrder, isDue, isOverdue } from '../../../src/engine/restore-plan.ts';
import { type ContainerView, ZERO_TIME } from '../../../src/storage/container.ts';
import type { ContainerRecord, ContainerState, HostConfig, RestartPolicy } from '../../../src/storage/records.ts';
import { containerRecord, containerState } from '../render/support/records.ts';

const THIS = 'this-boot';
const LAST = 'last-boot';

function candidate(policy: RestartPolicy, written: Partial<ContainerState>, host: Partial<HostConfig> = {}): Candidate {
  const record = containerRecord();
  const whole = containerState({ BootId: LAST, ...written });
  const isUp = whole.Status === 'running' || whole.Status === 'paused' || whole.Status === 'restarting';
  const state: ContainerState = isUp && written.Pid !== 1 ? { ...whole, Status: 'exited', ExitCode: 255 } : whole;
  return { view: { record: { ...record, HostConfig: { ...record.HostConfig, ...host, RestartPolicy: policy } }, state }, written: whole };
}

const policy = (Name: RestartPolicy['Name'], MaximumRetryCount = 0): RestartPolicy => ({ Name, MaximumRetryCount });
const EXITED: Partial<ContainerState> = { Status: 'exited', ExitCode: 0 };

describe('in a new boot, a container', () => {
  test.each<[string, RestartPolicy, Partial<ContainerState>, boolean]>([
    ['without a policy stays down', policy('no'), { Status: 'running' }, false],
    ['with always comes back', policy('always'), { Status: 'running' }, true],
    ['with always comes back though it was stopped', policy('always'), { ...EXITED, ManuallyStopped: true }, true],
    ['that never ran stays down', policy('always'), { Status: 'created', StartedAt: ZERO_TIME }, false],
    ['with unless-stopped comes back', policy('unless-stopped'), { Status: 'running' }, true],
    ['with unless-stopped comes back when it was paused', policy('unless-stopped'), { Status: 'paused' }, true],
    ['with unless-stopped comes back when the session ended it', policy('unless-stopped'), { ...EXITED, WentDown: true }, true],
    ['with unless-stopped stays down when it was stopped', policy('unless-stopped'), { ...EXITED, ManuallyStopped: true }, false],
    ['with on-failure comes back when the machine took it', policy('on-failure'), { Status: 'running' }, true],
    ['with on-failure stays down when it had done its work', policy('on-failure'), EXITED, false],
    ['with on-failure stays down when it was stopped', policy('on-failure'), { ...EXITED, ExitCode: 143, ManuallyStopped: true }, false],
    ['with on-failure stays down when its retries are used up', policy('on-failure', 3), { Status: 'running', RestartCount: 3 }, false],
    ['with on-failure comes back when it has retries left', policy('on-failure', 3), { Status: 'running', RestartCount: 2 }, true],
  ])('%s', (_, restart, written, expected) => {
    expect(isDue(candidate(restart, written), THIS)).toBe(expected);
  });
});

describe('in the same boot, a container', () => {
  test.each<[string, Partial<ContainerState>, boolean]>([
    ['that runs is left alone', { Status: 'running', Pid: 1 }, false],
    ['that ended by itself stays down', EXITED, false],
    ['that did not start stays down', { ...EXITED, ExitCode: 125, Error: 'no such port' }, false],
    ['whose supervisor was killed comes back', { Status: 'running' }, true],
    ['that went down with the session comes back', { ...EXITED, WentDown: true }, true],
  ])('%s', (_, written, expected) => {
    expect(isDue(candidate(policy('always'), { BootId: THIS, ...written }), THIS)).toBe(expected);
  });
});

test('a container of which nothing was written is not due', () => {
  expect(isDue({ ...candidate(policy('always'), EXITED), written: undefined }, THIS)).toBe(false);
});

test.each<[string, Partial<ContainerState>, Partial<HostConfig>, boolean]>([
  ['one that the machine took', { Status: 'running' }, { AutoRemove: true }, true],
  ['one that is not to be removed', { Status: 'running' }, {}, false],
  ['one that was only created', { Status: 'created', StartedAt: ZERO_TIME }, { AutoRemove: true }, false],
  ['one of this boot', { Status: 'running', BootId: THIS }, { AutoRemove: true }, false],
])('a --rm container is overdue: %s', (_, written, host, expected) => {
  expect(isOverdue(candidate(policy('no'), written, host), THIS)).toBe(expected);
});

describe('the order', () => {
  const view = (name: string, digit: string, host: Partial<HostConfig> = {}): ContainerView => {
    const record: ContainerRecord = containerRecord({ Id: digit.repeat(64), Name: name });
    return { record: { ...record, HostConfig: { ...record.HostConfig, ...host } }, state: containerState() };
  };
  const names = (groups: ContainerView[][]): string[][] => groups.map((group) => group.map(({ record }) => record.Name));

  test('puts what others need before them, by id, beginning of an id, or name', () => {
    const views = [
      view('app', 'a', { NetworkMode: `container:${'b'.repeat(64)}`, VolumesFrom: ['data:ro', 'gone'] }),
      view('net', 'b', { PidMode: 'container:cccc' }),
      view('pid', 'c'),
      view('data', 'd'),
      view('watch', 'e', { IpcMode: 'container:/app' }),
    ];
    expect(names(inOrder(views))).toEqual([['pid', 'data'], ['net'], ['app'], ['watch']]);
  });

  test('has everyone in it once, even of a circle', () => {
    const views = [view('one', 'a', { VolumesFrom: ['two'] }), view('two', 'b', { VolumesFrom: ['one'] }), view('three', 'c')];
    expect(names(inOrder(views)).flat().sort()).toEqual(['one', 'three', 'two']);
  });

  test('of nothing is nothing', () => {
    expect(inOrder([])).toEqual([]);
  });
});
