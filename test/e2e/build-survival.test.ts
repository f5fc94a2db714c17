// A build that is killed at any moment: the next one completes, the store is clean, and nothing of it is left, neither processes nor mounts nor
// folders nor cgroups. 100 times in a row by `npm run storm:builds`, a few times here. And Ctrl-C, which ends all steps; and two builds at once.
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './support/eventually.ts';
import { leftProcesses } from './support/left-processes.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const wanted = new URLSearchParams(process.env.SKIFF_STORM ?? '');
const asked = (name: string, usual: number): number => Number(wanted.getAll(name).at(-1) ?? usual);
const rounds = asked('builds', 6);
const seed = asked('seed', Date.now() % 1_000_000);
const busybox = image('busybox');
const context = join(box.files, 'context');

/** Two stages side by side with cache mounts, shared and locked, and one that takes files of both. */
const dockerfile = (base: string): string => `
FROM ${base} AS left
ARG ROUND
RUN --mount=type=cache,target=/c,id=shared mkdir /left && for i in $(seq 40); do echo $i > /left/$i; echo $i >> /c/log; done; sleep 0.1
RUN --mount=type=cache,target=/c,id=locked,sharing=locked rm /left/1 && echo "$ROUND" > /left/round && echo x >> /c/count
FROM ${base} AS right
ARG ROUND
RUN --mount=type=cache,target=/c,id=shared mkdir /right && for i in $(seq 40); do echo $i > /right/$i; echo $i >> /c/log; done
RUN --mount=type=cache,target=/c,id=locked,sharing=locked --network=none mkdir /right/d && echo "$ROUND" > /right/d/round && sleep 0.1 && echo x >> /c/count
FROM ${base}
COPY --from=left /left /left
COPY --from=right /right /right
COPY . /context
RUN --mount=type=bind,target=/src cat /left/round /right/d/round /src/file > /result && chown -R 5:6 /context
`;

beforeAll(async () => {
  mkdirSync(context, { recursive: true });
  await Bun.write(join(context, 'Dockerfile'), dockerfile(busybox));
  await Bun.write(join(context, 'file'), 'of the context\n');
  await box.ok(['pull', '--quiet', busybox]);
});

const build = (round: string, ...flags: string[]): string[] => ['build', '-q', '--build-arg', `ROUND=${round}`, ...flags, context];

/** Pids of the builds of this sandbox: fronts and workers, what the workers run (their runtimes, guards), and what stands around them. */
function processesOfBuilds(): { pid: number; words: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const isOurs = readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`SKIFF_RUNROOT=${box.run}`);
        const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
        return isOurs && /__work build|skiff build|crun/.test(words) ? [{ pid: Number(pid), words }] : [];
      } catch {
        return [];
      }
    });
}

/** A generator of numbers between 0 and 1 that a seed repeats (mulberry32). */
function randomOf(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Ids of the steps that run, or of what is left of them. */
const stepsThere = (): string[] => readdirSync(join(box.root, 'containers')).filter((name) => name.startsWith('b-'));

/** Cgroups of those steps, anywhere on the way to our own. */
function cgroupsOf(steps: Iterable<string>): string[] {
  const names = new Set([...steps].map((id) => `skiff-${id.slice(0, 12)}`));
  const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '';
  return own.split('/').flatMap((_, index, parts) => {
    const parent = `/sys/fs/cgroup${parts.slice(0, index + 1).join('/')}`;
    return existsSync(parent)
      ? readdirSync(parent)
          .filter((name) => names.has(name))
          .map((name) => join(parent, name))
      : [];
  });
}

test(
  `kill -9 at ${rounds} random moments of a build (seed ${seed}): the next one completes, and nothing is left`,
  async () => {
    const random = randomOf(seed);
    const began = performance.now();
    await box.ok(build('whole', '--no-cache'), { timeoutMs: 120_000 });
    const wholeMs = performance.now() - began;
    const defects: string[] = [];
    const steps = new Set<string>();
    for (let round = 0; round < rounds; round++) {
      // One in three begins where the last one was killed.
      const name = round % 3 === 2 ? `${round - 1}` : `${round}`;
      const child = box.start(build(name));
      await Bun.sleep(random() * wholeMs * 1.1);
      const found = processesOfBuilds();
      for (const id of stepsThere()) steps.add(id);
      const victim = random() < 0.4 ? child.pid : found[Math.floor(random() * found.length)]?.pid;
      try {
        process.kill(victim ?? child.pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
      const said = new Response(child.stderr).text();
      await child.exited;
      await eventually('every process of the build has ended', () => processesOfBuilds().length === 0);
      for (const id of stepsThere()) steps.add(id);
      const left = await leftProcesses(box);
      if (left.length > 0) defects.push(`round ${round}: ${left.join('; ')}`);
      if (round % 5 === 4 || round === rounds - 1) {
        const checked = await box.skiff(['system', 'check'], { timeoutMs: 120_000 });
        if (!/ 0 problems$/m.test(checked.stdout) || checked.code !== 0) defects.push(`round ${round}: ${checked.stdout}${checked.stderr}`);
      }
      if (/internal|undefined|cannot read/i.test(await said)) defects.push(`round ${round}: ${await said}`);
    }
    expect(defects).toEqual([]);

    await box.ok(build('last', '-t', 'survivor'), { timeoutMs: 120_000 });
    const seen = 'cat /result; ls /left /right | wc -l; stat -c "%u:%g" /context/file';
    expect(await box.ok(['run', '--rm', 'survivor', 'sh', '-c', seen])).toBe('last\nlast\nof the context\n84\n5:6');
    // A build has the containers and cgroups of dead ones removed; what they were making is swept as everything else is.
    expect(readdirSync(join(box.root, 'containers'))).toEqual([]);
    expect(cgroupsOf(steps)).toEqual([]);
    await box.ok(['image', 'prune', '-f']);
    // Blobs and layers that nothing reaches are spared while they are young: the next try could use them.
    const spared = /^(?:leftover (?:blob|layer) sha256:[0-9a-f]+: nothing uses it\n)*\d+ objects checked, 0 problems$/;
    expect(await box.ok(['system', 'check'], { timeoutMs: 120_000 })).toMatch(spared);
  },
  rounds * 20_000 + 300_000,
);

test('Ctrl-C ends every step of a build, and leaves nothing', async () => {
  const file = join(box.files, 'Slow');
  await Bun.write(
    file,
    `FROM ${busybox} AS one\nRUN trap '' INT TERM; echo begun; sleep 600\nFROM ${busybox} AS two\nRUN echo begun; sleep 600\nFROM ${busybox}\nCOPY --from=one / /one\nCOPY --from=two / /two\n`,
  );
  const child = box.start(['build', '--no-cache', '--progress', 'plain', '-f', file, context]);
  const reader = child.stderr.getReader();
  let said = '';
  await eventually('both steps run', async () => {
    const { value } = await reader.read();
    said += Buffer.from(value ?? []).toString();
    return said.split(' begun\n').length === 3;
  });
  const steps = stepsThere();
  expect(steps).toHaveLength(2);
  child.kill('SIGINT');
  expect(await child.exited).toBe(130);
  expect(await leftProcesses(box)).toEqual([]);
  expect(readdirSync(join(box.root, 'containers'))).toEqual([]);
  expect(cgroupsOf(steps)).toEqual([]);
});

test('two builds of one Dockerfile at once both complete, with the same files', async () => {
  const ids = await Promise.all([1, 2].map(() => box.ok(build('both'), { timeoutMs: 120_000 })));
  const configs = await Promise.all(ids.map((id) => box.ok(['run', '--rm', id, 'cat', '/result'])));
  expect(configs).toEqual(['both\nboth\nof the context', 'both\nboth\nof the context']);
});
