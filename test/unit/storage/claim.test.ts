import { claim, claimNames, isClaimed, protectedDigests, removeDeadClaims } from '../../../src/storage/claim.ts';
import { testStore } from './tar-fixture.ts';

let store: ReturnType<typeof testStore>;
beforeEach(() => {
  store = testStore();
});
afterEach(() => store.remove());

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

it('is held by one at a time, in one process too, and is free again after release', () => {
  const first = claim(store.ctx, 'thing');
  expect([claim(store.ctx, 'thing'), isClaimed(store.ctx, 'thing'), isClaimed(store.ctx, 'other')]).toEqual([undefined, true, false]);
  first?.release();
  expect([isClaimed(store.ctx, 'thing'), claimNames(store.ctx)]).toEqual([false, []]);
  expect(claim(store.ctx, 'thing')).toBeDefined();
});

it('protects digests for as long as it lives', () => {
  const [first, second] = [claim(store.ctx, 'one'), claim(store.ctx, 'two')];
  first?.protect([digest('a'), digest('b')]);
  first?.protect([digest('c')]);
  second?.protect([digest('d')]);
  expect([...protectedDigests(store.ctx)].sort()).toEqual(['a', 'b', 'c', 'd'].map(digest));
  first?.release();
  expect([...protectedDigests(store.ctx)]).toEqual([digest('d')]);
});

it('dies with its holder: a killed process holds nothing and protects nothing', async () => {
  const module = require.resolve('../../../src/storage/claim.ts');
  const script = `
    const { claim } = await import(${JSON.stringify(module)});
    claim({ paths: ${JSON.stringify(store.ctx.paths)} }, 'theirs').protect(['${digest('e')}']);
    console.log('held');
    setInterval(() => {}, 1000);`;
  const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe', stderr: 'inherit' });
  await child.stdout.getReader().read();
  expect([isClaimed(store.ctx, 'theirs'), claim(store.ctx, 'theirs'), [...protectedDigests(store.ctx)]]).toEqual([
    true,
    undefined,
    [digest('e')],
  ]);
  child.kill('SIGKILL');
  await child.exited;
  expect([isClaimed(store.ctx, 'theirs'), [...protectedDigests(store.ctx)]]).toEqual([false, []]);
  expect([claimNames(store.ctx), removeDeadClaims(store.ctx), claimNames(store.ctx)]).toEqual([['theirs'], ['theirs'], []]);
});
