// The key sequence that leaves a container without stopping it: `ctrl-p,ctrl-q` unless told otherwise, as Docker writes it.
import { EngineError } from '../sys/errors.ts';

export const DEFAULT_DETACH_KEYS = 'ctrl-p,ctrl-q';

const CONTROL: Readonly<Record<string, number>> = { '@': 0, '[': 27, '\\': 28, ']': 29, '^': 30, _: 31 };

/** The bytes of a sequence such as `ctrl-p,ctrl-q` or `a,ctrl-@`; empty for ''. Throws ERR_DETACH_KEYS. */
export function parseDetachKeys(text: string): number[] {
  if (text === '') return [];
  return text.split(',').map((key) => {
    if (key.length === 1) return key.charCodeAt(0);
    const control = /^ctrl-(.)$/.exec(key)?.[1]?.toLowerCase();
    const code = control === undefined ? undefined : /[a-z]/.test(control) ? control.charCodeAt(0) - 96 : CONTROL[control];
    if (code === undefined) {
      throw new EngineError('ERR_DETACH_KEYS', `Invalid detach keys "${text}": unknown key "${key}"`, {
        hint: 'Write single characters or ctrl-<letter>, separated by commas: ctrl-p,ctrl-q',
        exitCode: 125,
      });
    }
    return code;
  });
}

export interface DetachFilter {
  /** The bytes to pass on, and whether the sequence was completed. */
  push(chunk: Uint8Array): { pass: Uint8Array; isDetached: boolean };
}

/** Holds back what may become the sequence; what turns out not to be it is passed on unchanged. */
export function detachFilter(keys: readonly number[]): DetachFilter {
  let matched = 0;
  return {
    push: (chunk) => {
      if (keys.length === 0) return { pass: chunk, isDetached: false };
      const pass: number[] = [];
      for (const byte of chunk) {
        if (byte === keys[matched]) {
          matched++;
          if (matched === keys.length) return { pass: Uint8Array.from(pass), isDetached: true };
          continue;
        }
        pass.push(...keys.slice(0, matched));
        matched = byte === keys[0] ? 1 : 0;
        if (matched === 0) pass.push(byte);
      }
      return { pass: Uint8Array.from(pass), isDetached: false };
    },
  };
}
