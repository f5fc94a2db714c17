// The table of build cases: each folder of test/e2e/build-cases is one. They share a store, so that a base is pulled once; the next ones are begun while
// one is waited for.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCase, runCase } from './support/build-case.ts';
import { hasImage, image, openSandbox } from './support/sandbox.ts';

const AHEAD = 2;
const root = join(process.cwd(), 'test/e2e/build-cases');
const names = readdirSync(root).sort();
const box = openSandbox();
const running = new Map<string, Promise<void>>();

beforeAll(async () => {
  for (const name of ['busybox', ...(hasImage('debian') ? ['debian'] : [])]) {
    await box.ok(['pull', '--quiet', image(name)]);
    await box.ok(['tag', image(name), name]);
  }
});

const needsDebian = (name: string): boolean => /^FROM (?:--\S+ )*debian\b/im.test(readFileSync(join(root, name, 'Dockerfile'), 'utf8'));
const begun = (name: string): Promise<void> => {
  const run = running.get(name) ?? runCase(box, join(root, name), name);
  running.set(name, run);
  run.catch(() => undefined);
  return run;
};

describe.each(names)('%s', (name) => {
  const canRun = hasImage('debian') || !needsDebian(name);
  (canRun ? test : test.skip)(`${readCase(join(root, name)).title}${canRun ? '' : ' (its base, Debian, needs root once)'}`, async () => {
    const at = names.indexOf(name);
    // A single case, chosen by its name, is not to pay for others.
    if (at === 0 || running.has(name))
      for (const next of names.slice(at + 1, at + 1 + AHEAD)) if (hasImage('debian') || !needsDebian(next)) begun(next);
    await begun(name);
  });
});

test('every layer is unpacked as its blob says', async () => {
  expect(await box.ok(['system', 'check'], { timeoutMs: 120_000 })).toContain('0 problems');
});
