import { createPushProgress, type PushProgressStep } from '../../../src/render/push-progress.ts';

function printed(events: PushProgressStep[], { isTerminal = false, columns = 80 } = {}): string {
  let text = '';
  const write = (more: string): void => {
    text += more;
  };
  const progress = createPushProgress({ write, isTerminal, columns });
  for (const event of events) progress(event);
  return text.replaceAll('\x1b', 'ESC');
}

it('prints a line for each step, and what was pushed last, without a terminal', () => {
  const text = printed([
    { type: 'refers', repository: 'docker.io/library/app' },
    { type: 'layer', layer: 'aaa', step: 'preparing' },
    { type: 'layer', layer: 'bbb', step: 'preparing' },
    { type: 'layer', layer: 'ccc', step: 'preparing' },
    { type: 'layer', layer: 'aaa', step: 'pushing', current: 1, total: 2 },
    { type: 'layer', layer: 'aaa', step: 'retrying' },
    { type: 'layer', layer: 'bbb', step: 'exists' },
    { type: 'layer', layer: 'ccc', step: 'mounted', from: 'library/base' },
    { type: 'layer', layer: 'aaa', step: 'pushed' },
    { type: 'pushed', tag: 'v1', digest: 'sha256:00', size: 7 },
  ]);
  expect(text).toBe(
    [
      'The push refers to repository [docker.io/library/app]',
      'aaa: Preparing',
      'bbb: Preparing',
      'ccc: Preparing',
      'aaa: Retrying',
      'bbb: Layer already exists',
      'ccc: Mounted from library/base',
      'aaa: Pushed',
      'v1: digest: sha256:00 size: 7',
      '',
    ].join('\n'),
  );
});

it('rewrites a layer in its place on a terminal, with what was sent of it', () => {
  const text = printed(
    [
      { type: 'layer', layer: 'aaa', step: 'preparing' },
      { type: 'layer', layer: 'bbb', step: 'preparing' },
      { type: 'layer', layer: 'aaa', step: 'pushing', current: 500, total: 1000 },
    ],
    { isTerminal: true },
  );
  expect(text).toBe('aaa: Preparing\nbbb: Preparing\nESC[2A\rESC[2Kaaa: Pushing     500B/1kB\rESC[2B');
});

it('starts a block of its own for the layers of each tag', () => {
  const one: PushProgressStep[] = [
    { type: 'layer', layer: 'aaa', step: 'exists' },
    { type: 'pushed', tag: 'v1', digest: 'sha256:00', size: 7 },
  ];
  for (const isTerminal of [true, false]) {
    expect(printed([...one, ...one], { isTerminal })).toBe('aaa: Layer already exists\nv1: digest: sha256:00 size: 7\n'.repeat(2));
  }
});
