// `--chmod`: octal digits, or the symbolic modes of chmod(1), with a umask of 022 where nobody is named (`+w` is `u+w`), as BuildKit takes them.
import { EngineError } from '../../../sys/errors.ts';

/** The new permission bits (0 to 07777) of something that has `mode`. */
export type ModeChange = (mode: number, isFolder: boolean) => number;

const UMASK = 0o022;
const WHO: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o1007, a: 0o7777 };
const SHIFTS: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 };
const CLAUSE = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/;

/** Throws ERR_BAD_CHMOD. */
export function parseChmod(text: string): ModeChange {
  if (/^[0-7]+$/.test(text) && Number.parseInt(text, 8) <= 0o7777) {
    const mode = Number.parseInt(text, 8);
    return () => mode;
  }
  if (/^\d/.test(text) || text === '') throw bad(text);
  const changes = text.split(',').map((clause) => parseClause(clause, text));
  return (mode, isFolder) => changes.reduce((bits, change) => change(bits, isFolder), mode & 0o7777);
}

function parseClause(clause: string, text: string): ModeChange {
  const [, who = '', actions] = CLAUSE.exec(clause) ?? [];
  if (actions === undefined) throw bad(text);
  const mask = who === '' ? 0o7777 & ~UMASK : [...who].reduce((bits, letter) => bits | (WHO[letter] ?? 0), 0);
  const steps = [...actions.matchAll(/([-+=])([rwxXst]*|[ugo])(?=[-+=]|$)/g)].map(([, operator = '', letters = '']) => ({
    operator,
    letters,
  }));
  return (mode, isFolder) =>
    steps.reduce((bits, { operator, letters }) => {
      const given = bitsOf(letters, { mode: bits, isFolder }) & mask;
      if (operator === '+') return bits | given;
      if (operator === '-') return bits & ~given;
      // `=` says nothing of the set-id bits of a folder unless it names them.
      return (bits & ~(mask & 0o777) & ~(isFolder ? 0 : mask & 0o6000)) | given;
    }, mode);
}

function bitsOf(letters: string, { mode, isFolder }: { mode: number; isFolder: boolean }): number {
  const shift = SHIFTS[letters];
  if (shift !== undefined) {
    const three = (mode >> shift) & 7;
    return (three << 6) | (three << 3) | three;
  }
  const isRunnable = isFolder || (mode & 0o111) !== 0;
  const bits: Readonly<Record<string, number>> = { r: 0o444, w: 0o222, x: 0o111, X: isRunnable ? 0o111 : 0, s: 0o6000, t: 0o1000 };
  return [...letters].reduce((sum, letter) => sum | (bits[letter] ?? 0), 0);
}

const bad = (text: string): EngineError =>
  new EngineError('ERR_BAD_CHMOD', `invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`, {
    hint: 'Symbolic modes are good, too: --chmod=u=rwX,go=rX',
  });
