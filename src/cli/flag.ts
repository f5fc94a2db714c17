// A command's flags as plain data, shaped like oclif's so that its manifest and help code read them; `parse` is ours and synchronous.
// The object's key is the long flag name as typed (`'no-trunc'`), so a flag's name stands in one place.
// Trap: a flag without a default is `undefined` when not given; only booleans (false) and lists (empty) always have a value.

interface FlagCommon {
  description?: string;
  /** The one-letter form. */
  char?: string;
  /** Other long names that mean the same, not shown in help (`net` for `network`). */
  aliases?: string[];
  hidden?: boolean;
  /** Why the flag is refused, whatever its value: `parse` throws this. */
  refused?: string;
  /** What stands for the value in help: `string`, `list`, `bytes`… */
  helpValue?: string;
}

export interface BooleanFlag extends FlagCommon {
  type: 'boolean';
  default: boolean;
  allowNo: false;
}

/** An option that takes a value. `parse` turns one given text into a value or throws an Error that says what it must be. */
export interface OptionFlag<T> extends FlagCommon {
  type: 'option';
  multiple: false;
  default?: T | undefined;
  options?: string[];
  /** pflag's NoOptDefVal: the value of a bare `--flag`, which then never takes the next word. */
  bareValue?: string;
  parse(text: string): T;
}

/** A repeatable option; every occurrence adds one value. */
export interface ListFlag<T> extends FlagCommon {
  type: 'option';
  multiple: true;
  default: T[];
  options?: string[];
  parse(text: string): T;
}

/** An option whose absence is `undefined`; a type of its own so that `Parsed` can tell it from one with a default. */
export interface MaybeFlag<T> extends OptionFlag<T> {
  default?: undefined;
}
/** An option that always has a value. */
export interface DefaultedFlag<T> extends OptionFlag<T> {
  default: T;
}

export type Flag = BooleanFlag | OptionFlag<unknown> | ListFlag<unknown>;
export type FlagSet = Record<string, Flag>;

type FlagValue<F> = F extends BooleanFlag
  ? boolean
  : F extends ListFlag<infer T>
    ? T[]
    : F extends DefaultedFlag<infer T>
      ? T
      : F extends OptionFlag<infer T>
        ? T | undefined
        : never;

/** The values of a set of flags: `{ timeout: number | undefined, all: boolean, env: string[] }`. */
export type FlagValues<F extends FlagSet> = { [K in keyof F]: FlagValue<F[K]> };

type OptionSpec = FlagCommon & { bareValue?: string };

function booleanFlag(spec: FlagCommon & { default?: boolean } = {}): BooleanFlag {
  return { ...spec, type: 'boolean', default: spec.default ?? false, allowNo: false };
}

function stringFlag(spec: OptionSpec & { default: string; options?: string[] }): DefaultedFlag<string>;
function stringFlag(spec?: OptionSpec & { options?: string[] }): MaybeFlag<string>;
function stringFlag(spec: OptionSpec & { default?: string; options?: string[] } = {}): OptionFlag<string> {
  const { options } = spec;
  return { helpValue: 'string', ...spec, type: 'option', multiple: false, parse: options ? oneOf(options) : asIs };
}

function integerFlag(spec: OptionSpec & { default: number }): DefaultedFlag<number>;
function integerFlag(spec?: OptionSpec): MaybeFlag<number>;
function integerFlag(spec: OptionSpec & { default?: number } = {}): OptionFlag<number> {
  return { helpValue: 'int', ...spec, type: 'option', multiple: false, parse: parseInteger };
}

function listFlag(spec: FlagCommon & { default?: string[] } = {}): ListFlag<string> {
  return { helpValue: 'list', ...spec, type: 'option', multiple: true, default: spec.default ?? [], parse: asIs };
}

function customFlag<T>(spec: OptionSpec & { parse: (text: string) => T; default: T }): DefaultedFlag<T>;
function customFlag<T>(spec: OptionSpec & { parse: (text: string) => T }): MaybeFlag<T>;
function customFlag<T>(spec: OptionSpec & { parse: (text: string) => T; default?: T }): OptionFlag<T> {
  return { helpValue: 'string', ...spec, type: 'option', multiple: false };
}

/** `boolean`, `string`, `integer` (decimal, or Go's 0x/0o/0b), `list` (repeatable string), `custom` (own `parse`, which throws an Error with the reason). */
export const flag = { boolean: booleanFlag, string: stringFlag, integer: integerFlag, list: listFlag, custom: customFlag };

function asIs(text: string): string {
  return text;
}

function oneOf(options: string[]): (text: string) => string {
  return (text) => {
    if (!options.includes(text)) throw new Error(`must be one of ${options.map((option) => `"${option}"`).join(', ')}`);
    return text;
  };
}

function parseInteger(text: string): number {
  const [, sign, digits] = /^([+-]?)(\d+|0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+)$/.exec(text) ?? [];
  const value = digits === undefined ? Number.NaN : Number(digits) * (sign === '-' ? -1 : 1);
  if (!Number.isSafeInteger(value)) throw new Error('must be an integer');
  return value;
}
