import { reportOf } from '../../../src/cli/report.ts';
import { EngineError } from '../../../src/sys/errors.ts';

const quiet = { debug: false };

describe('an error as the user reads it', () => {
  it('is a sentence and a hint', () => {
    const error = new EngineError('ERR_NO_CONTAINER', 'No such container: web', { hint: 'skiff ps -a lists them' });
    expect(reportOf(error, quiet)).toEqual({ text: 'skiff: No such container: web\nskiff ps -a lists them\n', exitCode: 1 });
  });

  it('keeps its own exit code', () => {
    expect(reportOf(new EngineError('ERR_X', 'X', { exitCode: 127 }), { debug: false, errorExitCode: 125 }).exitCode).toBe(127);
  });

  it('has the exit code of its command where it names none', () => {
    expect(reportOf(new EngineError('ERR_X', 'X'), { debug: false, errorExitCode: 125 }).exitCode).toBe(125);
  });

  it('is one line when nobody foresaw it, with no stack', () => {
    expect(reportOf(new TypeError('x is not a function\nat y'), quiet).text).toBe(
      'skiff: internal error: x is not a function\nRun the command again with SKIFF_DEBUG=1 for the details\n',
    );
  });

  it('shows the stacks of the whole chain in debug mode only', () => {
    const error = new EngineError('ERR_X', 'X failed', { cause: new Error('the deeper cause') });
    expect(reportOf(error, { debug: true }).text).toMatch(
      /^skiff: X failed\nEngineError: X failed\n.*\nCaused by: Error: the deeper cause\n/s,
    );
    expect(reportOf(error, quiet).text).toBe('skiff: X failed\n');
  });

  it('survives something thrown that is no Error', () => {
    expect(reportOf('oops', quiet).text).toBe('skiff: internal error: oops\nRun the command again with SKIFF_DEBUG=1 for the details\n');
  });

  it('says what may not be touched, and nothing of itself', () => {
    const error = Object.assign(new Error("EACCES: permission denied, mkdir '/etc/tmp'"), { code: 'EACCES', path: '/etc/tmp' });
    expect(reportOf(error, quiet).text).toBe(
      'skiff: Permission denied: "/etc/tmp"\n' +
        'See whose it is: ls -ld, on it and the folders above it. Another store is chosen by --root or SKIFF_ROOT\n',
    );
  });

  it('says that the disk is full and what to do', () => {
    const error = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', path: '/data/x' });
    expect(reportOf(error, { debug: false, errorExitCode: 125 })).toEqual({
      text:
        'skiff: No space left on device writing "/data/x"\n' +
        'Free some space, for instance with: skiff rm, skiff rmi, skiff system check --repair\n',
      exitCode: 125,
    });
  });
});
