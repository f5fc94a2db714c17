// Bodies of bake files, all together, as targets and groups: attributes evaluated, matrices spread out, those of one name merged in order.
import { EngineError, messageOf } from '../../sys/errors.ts';
import { suggest } from '../suggest.ts';
import { FIELD_NAMES, fieldName, setField } from './fields.ts';
import type { At, Block, Body, Value } from './hcl/ast.ts';
import { evaluate, type Scope, within } from './hcl/evaluate.ts';
import { problem } from './hcl/problem.ts';
import { toText } from './hcl/values.ts';
import { matrixOf } from './matrix.ts';
import { mergeFields } from './merge.ts';
import type { BakeGroup, BakeTarget, TargetFields } from './model.ts';
import { unsupported } from './variables.ts';

export interface Definitions {
  targets: BakeTarget[];
  groups: BakeGroup[];
}

const KNOWN = ['target', 'group', 'variable', 'function'];

/** In order of the files; several of one name may be there. Throws ERR_BAKE_FILE with the place. */
export function defineAll(bodies: readonly Body[], outer: Scope): Definitions {
  const blocks = bodies.flatMap((body) => body.blocks);
  for (const { type, at } of blocks) {
    if (!KNOWN.includes(type)) throw problem(at, `Unsupported block type: "${type}"`, `There are: ${KNOWN.join(', ')}`);
  }
  const scope = withTargets(outer, blocks);
  const definitions: Definitions = { targets: [], groups: [] };
  for (const block of blocks) {
    if (block.type === 'group') definitions.groups.push(groupOf(block, scope));
    if (block.type === 'target') addTargets(definitions, block, scope);
  }
  return definitions;
}

function addTargets(definitions: Definitions, block: Block, scope: Scope): void {
  const blockName = labelOf(block);
  const combinations = matrixOf(block, scope);
  if (!combinations) {
    if (block.body.attributes.some(({ name }) => name === 'name')) {
      throw problem(block.at, `The target "${blockName}" has a name of its own, which only one with a matrix may have`);
    }
    definitions.targets.push({ name: blockName, fields: fieldsOf(block, scope), at: block.at });
    return;
  }
  const nameAttribute = block.body.attributes.find(({ name }) => name === 'name');
  if (!nameAttribute) throw problem(block.at, `The target "${blockName}" has a matrix: it needs a name that is made of it`);
  const names: string[] = [];
  for (const variables of combinations) {
    const inner = within(scope, variables);
    const name = checkedName(toText(evaluate(nameAttribute.value, inner)), nameAttribute.at);
    if (names.includes(name)) throw problem(nameAttribute.at, `Two targets of the matrix have the name "${name}"`);
    names.push(name);
    definitions.targets.push({ name, fields: fieldsOf(block, inner), at: block.at });
  }
  definitions.groups.push({ name: blockName, targets: names, at: block.at });
}

function fieldsOf({ body }: Block, scope: Scope): TargetFields {
  const [nested] = body.blocks;
  if (nested) throw problem(nested.at, `A target has no blocks: write ${nested.type} = { … }`);
  let fields: TargetFields = {};
  for (const attribute of body.attributes) {
    if (attribute.name === 'matrix' || attribute.name === 'name') continue;
    const name = fieldName(attribute.name);
    if (!name) {
      const nearest = suggest(attribute.name, FIELD_NAMES);
      throw unsupported(attribute, nearest === undefined ? undefined : `Did you mean: ${nearest}`);
    }
    const value = evaluate(attribute.value, scope);
    const held: TargetFields = {};
    try {
      setField(held, name, value);
    } catch (error) {
      if (error instanceof EngineError) throw error;
      throw problem(attribute.value.at, `Invalid value of "${attribute.name}": ${messageOf(error)}`);
    }
    fields = mergeFields(fields, held);
  }
  return fields;
}

function groupOf(block: Block, scope: Scope): BakeGroup {
  const held: { targets: string[]; description?: string } = { targets: [] };
  for (const attribute of block.body.attributes) {
    const value = evaluate(attribute.value, scope);
    if (attribute.name === 'targets' && Array.isArray(value)) held.targets = value.map(toText);
    else if (attribute.name === 'targets') throw problem(attribute.value.at, 'A group has a list of targets');
    else if (attribute.name === 'description') held.description = toText(value);
    else throw unsupported(attribute);
  }
  return { name: labelOf(block), ...held, at: block.at };
}

function labelOf({ labels, type, at }: Block): string {
  const [name] = labels;
  if (name === undefined || labels.length !== 1) throw problem(at, `A ${type} has one name: ${type} "NAME" { … }`);
  return checkedName(name, at);
}

export function checkedName(name: string, at: At | undefined): string {
  if (/^[a-zA-Z0-9_-]+$/.test(name)) return name;
  throw problem(at, `Invalid name "${name}": only "a-zA-Z0-9_-" are allowed`);
}

/** `target.NAME.ATTRIBUTE` of other targets' attributes, evaluated when they are asked for. */
function withTargets(scope: Scope, blocks: readonly Block[]): Scope {
  const asked: string[] = [];
  const inner: Scope = within(scope, {});
  const targets: Record<string, Value> = {};
  for (const block of blocks.filter(({ type }) => type === 'target')) {
    const attributes: Record<string, Value> = {};
    for (const { name, value, at } of block.body.attributes) {
      const key = `target.${block.labels[0]}.${name}`;
      const get = (): Value => {
        if (asked.includes(key)) throw problem(at, `Attributes need each other in a circle: ${[...asked, key].join(' → ')}`);
        asked.push(key);
        try {
          return evaluate(value, inner);
        } finally {
          asked.pop();
        }
      };
      Object.defineProperty(attributes, name, { get, enumerable: true, configurable: true });
    }
    targets[block.labels[0] ?? ''] = attributes;
  }
  inner.variable = (name) => (name === 'target' ? targets : scope.variable(name));
  return inner;
}
