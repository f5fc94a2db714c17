import { forEachName } from '../../../src/cli/each.ts';
import type { Ctx } from '../../../src/sys/context.ts';
import { EngineError } from '../../../src/sys/errors.ts';

function setUp(args: string[]) {
  const printed: string[] = [];
  const io = {
    out: (text: string) => void printed.push(text),
    err: (text: string) => void printed.push(`err ${text}`),
    stdoutIsTerminal: false,
    stderrIsTerminal: false,
    stdinIsTerminal: false,
    columns: 80,
  };
  const ctx: Ctx = { paths: { data: '', run: '' }, env: {}, now: () => new Date(0), warn: () => undefined };
  return { given: { ctx, args, io }, printed };
}

test('side by side: the first name may end after the last, and is printed before it', async () => {
  const { given, printed } = setUp(['first', 'second', 'last']);
  const lastIsDone = Promise.withResolvers<void>();
  const act = async (name: string): Promise<string> => {
    if (name === 'last') lastIsDone.resolve();
    else await lastIsDone.promise;
    return name;
  };
  expect(await forEachName(given, act, { atOnce: 3 })).toBe(0);
  expect(printed).toEqual(['first\n', 'second\n', 'last\n']);
});

test('no more at once than asked for, and one after another by itself', async () => {
  const most = async (options: { atOnce?: number }): Promise<number> => {
    let running = 0;
    let seen = 0;
    const act = async (): Promise<undefined> => {
      seen = Math.max(seen, ++running);
      await Promise.resolve();
      running -= 1;
    };
    await forEachName(setUp(['a', 'b', 'c', 'd', 'e']).given, act, options);
    return seen;
  };
  expect(await Promise.all([most({}), most({ atOnce: 2 }), most({ atOnce: 50 })])).toEqual([1, 2, 5]);
});

test('what fails is reported in its place, what is forgiven does not fail the command', async () => {
  const { given, printed } = setUp(['good', 'bad', 'forgiven', 'also']);
  const act = async (name: string): Promise<string> => {
    if (name === 'bad' || name === 'forgiven') throw new EngineError('ERR_X', `No ${name}`, { hint: 'a hint' });
    return name;
  };
  const isForgiven = ({ message }: EngineError): boolean => message === 'No forgiven';
  expect(await forEachName(given, act, { atOnce: 4, isForgiven })).toBe(1);
  expect(printed).toEqual(['good\n', 'err skiff: No bad\na hint\n', 'err skiff: No forgiven\n', 'also\n']);
  given.args = ['forgiven'];
  expect(await forEachName(given, act, { isForgiven })).toBe(0);
});
