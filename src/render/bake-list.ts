// `bake --list`: what a definition has, as a table or as JSON, as buildx's.
import { alignTable } from './table.ts';

export interface ListedTarget {
  name: string;
  description: string;
  /** Of a group. */
  targets?: readonly string[];
}

export interface ListedVariable {
  name: string;
  type?: string | undefined;
  /** undefined: null, or a list or an object that has no short form. */
  value: unknown;
  description?: string | undefined;
}

export function targetList(targets: readonly ListedTarget[], isJson: boolean): string {
  if (isJson)
    return json(targets.map(({ name, description, targets: members }) => ({ name, description, ...(members ? { group: true } : {}) })));
  const lines = targets.map(({ name, description, targets: members }) => {
    const said = [description, ...(members ? [members.join(', ')] : [])].filter((text) => text !== '');
    return [name, said.join(': ')].join('\t');
  });
  return alignTable(['TARGET\tDESCRIPTION', ...lines]);
}

export function variableList(variables: readonly ListedVariable[], isJson: boolean): string {
  const sorted = [...variables].sort((a, b) => (a.name < b.name ? -1 : 1));
  if (isJson) return json(sorted.map(({ name, type, value, description }) => ({ name, type, value: value ?? null, description })));
  const lines = sorted.map(({ name, type = '', value, description = '' }) => [name, type, shown(value), description].join('\t'));
  return alignTable(['VARIABLE\tTYPE\tVALUE\tDESCRIPTION', ...lines]);
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

function shown(value: unknown): string {
  if (value === undefined || value === null) return '<null>';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
