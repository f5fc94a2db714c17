// docker-bake.json as the same structure that HCL gives: objects below `target`, `group`, `variable` and `function` are blocks by their keys. Texts are
// templates, as in HCL. It is read by HCL's own parser, whose objects have JSON within them, so that errors have places; JSON's sees to its rules.
import type { Attribute, Block, Body, Expression } from './hcl/ast.ts';
import { createCursor, placeOf, skip, unexpected } from './hcl/cursor.ts';
import { parseExpression } from './hcl/expression.ts';
import { problem } from './hcl/problem.ts';

const BLOCKS = new Set(['target', 'group', 'variable', 'function']);
const NESTED = new Set(['validation']);

/** Throws ERR_BAKE_FILE with the place. */
export function parseJsonFile(text: string, file: string): Body {
  const cursor = createCursor(text, file, { isJson: true });
  const document = parseExpression(cursor);
  skip(cursor, { lines: true });
  if (cursor.at < text.length) throw unexpected(cursor, 'The document ends here');
  try {
    JSON.parse(text);
  } catch (error) {
    throw problem(placeOf(cursor, 0), `This is no JSON: ${error instanceof Error ? error.message : error}`);
  }
  const body: Body = { attributes: [], blocks: [] };
  for (const { name, value } of entriesOf(document)) {
    if (!BLOCKS.has(name)) body.attributes.push({ name, value, at: value.at });
    else for (const entry of entriesOf(value)) body.blocks.push(blockOf(name, [entry.name], entry.value));
  }
  return body;
}

function blockOf(type: string, labels: string[], value: Expression): Block {
  const attributes: Attribute[] = [];
  const blocks: Block[] = [];
  for (const entry of entriesOf(value)) {
    if (!NESTED.has(entry.name)) attributes.push({ name: entry.name, value: parameter(type, entry), at: entry.value.at });
    else for (const item of entry.value.kind === 'list' ? entry.value.items : [entry.value]) blocks.push(blockOf(entry.name, [], item));
  }
  return { type, labels, body: { attributes, blocks }, at: value.at };
}

/** Names stand in quotes in JSON. */
function parameter(type: string, { name, value }: { name: string; value: Expression }): Expression {
  const asName = (item: Expression): Expression =>
    item.kind === 'literal' && typeof item.value === 'string' ? { kind: 'variable', name: item.value, at: item.at } : item;
  if (type === 'function' && name === 'params' && value.kind === 'list') return { ...value, items: value.items.map(asName) };
  if ((type === 'function' && name === 'variadic_params') || (type === 'variable' && name === 'type')) return asName(value);
  return value;
}

function entriesOf(value: Expression): { name: string; value: Expression }[] {
  if (value.kind !== 'object') throw problem(value.at, 'An object is expected');
  return value.entries.map(({ key, value: of }) => {
    if (key.kind !== 'literal' || typeof key.value !== 'string') throw problem(key.at, 'A key is expected');
    return { name: key.value, value: of };
  });
}
