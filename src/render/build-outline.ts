// What `build --call outline` and `--call targets` print, as text and as JSON, in buildx's forms.
import { dataOf, type Lines, locationOf, type ShownFile } from './build-lint.ts';

/** What the build of one target takes. */
export interface ShownOutline {
  name?: string | undefined;
  description?: string | undefined;
  args: { name: string; value?: string | undefined; description?: string | undefined; span: Lines }[];
  secrets: { name: string; required: boolean; span: Lines }[];
  ssh: { name: string; required: boolean; span: Lines }[];
  cache: { id: string; span: Lines }[];
}

export interface ShownTarget {
  name?: string | undefined;
  isDefault: boolean;
  description?: string | undefined;
  base: string;
  platform?: string | undefined;
  span: Lines;
}

/** Tables of what there is; those that would be empty are left out. */
export function outlineText({ name, description, args, secrets, ssh }: ShownOutline): string {
  const head = [
    ...(name === undefined && description === undefined ? [] : [['TARGET:', name ?? '(default)']]),
    ...(description === undefined ? [] : [['DESCRIPTION:', description]]),
  ];
  const tables = [
    columns(head, 1),
    columns(
      headed(
        ['BUILD ARG', 'VALUE', 'DESCRIPTION'],
        args.map((arg) => [arg.name, arg.value ?? '', arg.description ?? '']),
      ),
      3,
    ),
    columns(headed(['SECRET', 'REQUIRED'], secrets.map(required)), 3),
    columns(headed(['SSH', 'REQUIRED'], ssh.map(required)), 3),
  ];
  return tables.filter((table) => table !== '').join('\n');
}

export function outlineJson(file: ShownFile, { name, description, args, secrets, ssh, cache }: ShownOutline): string {
  const value = {
    name,
    description,
    args: some(args.map((arg) => ({ name: arg.name, description: arg.description, value: arg.value, location: locationOf(arg.span) }))),
    secrets: some(secrets.map((one) => ({ name: one.name, required: one.required || undefined, location: locationOf(one.span) }))),
    ssh: some(ssh.map((one) => ({ name: one.name, required: one.required || undefined, location: locationOf(one.span) }))),
    cache: some(cache.map((one) => ({ ID: one.id, location: locationOf(one.span) }))),
    sources: [dataOf(file)],
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}

export function targetsText(targets: readonly ShownTarget[]): string {
  const rows = targets.map(({ name, isDefault, description = '' }) => [targetName(name, isDefault), description]);
  return columns([['TARGET', 'DESCRIPTION'], ...rows], 3);
}

export function targetsJson(file: ShownFile, targets: readonly ShownTarget[]): string {
  const value = {
    targets: targets.map(({ name, isDefault, description, base, platform, span }) => ({
      name,
      default: isDefault || undefined,
      description,
      base,
      platform,
      location: locationOf(span),
    })),
    sources: [dataOf(file)],
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}

function targetName(name: string | undefined, isDefault: boolean): string {
  if (name === undefined) return isDefault ? '(default)' : '';
  return isDefault ? `${name} (default)` : name;
}

const required = ({ name, required: isRequired }: { name: string; required: boolean }): string[] => [name, isRequired ? 'true' : ''];
const headed = (head: string[], rows: string[][]): string[][] => (rows.length > 0 ? [head, ...rows] : []);
const some = <T>(list: T[]): T[] | undefined => (list.length > 0 ? list : undefined);

// Cells of a column are as wide as its widest, `gap` blanks between; the last one is not padded.
function columns(rows: readonly string[][], gap: number): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => (column < row.length - 1 ? cell.padEnd((widths[column] ?? 0) + gap) : cell))
          .join('')
          .trimEnd()}\n`,
    )
    .join('');
}
