// Runs a parsed Go template over plain data marked by go-values.ts: text, branches, loops, definitions.
import { printValue } from './go-print.ts';
import { isTrue, kindOf, sortedKeys } from './go-values.ts';
import { evalPipeline, failure, type Run, setVariable } from './template-eval.ts';
import { FUNCTIONS, HEADER_FUNCTIONS } from './template-functions.ts';
import { type Branch, type Node, nodeText, type Pipeline, type Template } from './template-tree.ts';

export interface RunOptions {
  /** A missing map key is an error, and values inside maps have Go's type `interface {}`: JSON read without types. */
  strictMaps?: boolean;
  /** The header row of `table …`: Docker's own functions change nothing. */
  header?: boolean;
}

/** The text that `template` makes of `data`. Throws TemplateRunError. */
export function runTemplate(template: Template, data: unknown, options: RunOptions = {}): string {
  const run: Run = {
    template,
    name: '',
    strict: options.strictMaps ?? false,
    functions: options.header ? HEADER_FUNCTIONS : FUNCTIONS,
    output: [],
    variables: [{ name: '$', value: data }],
    depth: 0,
  };
  walkAll(run, data, template.nodes);
  return run.output.join('');
}

/** How a loop's body ended. */
type Flow = 'on' | 'break' | 'continue';

const MAX_DEPTH = 1000;

function walkAll(run: Run, dot: unknown, nodes: Node[]): Flow {
  const scope = run.variables.length;
  let flow: Flow = 'on';
  for (const node of nodes) {
    flow = walk(run, dot, node);
    if (flow !== 'on') break;
  }
  run.variables.length = scope;
  return flow;
}

function walk(run: Run, dot: unknown, node: Node): Flow {
  switch (node.type) {
    case 'text':
      run.output.push(node.text);
      return 'on';
    case 'action': {
      const value = evalPipeline(run, dot, node.pipeline);
      if (node.pipeline.variables.length === 0) run.output.push(printable(run, value, node));
      return 'on';
    }
    case 'break':
    case 'continue':
      return node.type;
    case 'template':
      callTemplate(run, dot, node);
      return 'on';
    case 'range':
      return walkRange(run, dot, node);
    default:
      return walkBranch(run, dot, node);
  }
}

function printable(run: Run, value: unknown, node: Node): string {
  if (value === undefined) return '<no value>';
  if (typeof value === 'function') throw failure(run, node, `can't print ${nodeText(node)} of type func`);
  return printValue(value);
}

function walkBranch(run: Run, dot: unknown, node: Branch): Flow {
  const scope = run.variables.length;
  const value = evalPipeline(run, dot, node.pipeline);
  const flow = isTrue(value) ? walkAll(run, node.type === 'with' ? value : dot, node.body) : walkAll(run, dot, node.otherwise);
  run.variables.length = scope;
  return flow;
}

function walkRange(run: Run, dot: unknown, node: Branch): Flow {
  const scope = run.variables.length;
  const { pipeline } = node;
  const value = evalPipeline(run, dot, { ...pipeline, variables: [] });
  const entries = rangeEntries(run, value, pipeline);
  let flow: Flow = 'on';
  if (entries.length === 0) flow = walkAll(run, dot, node.otherwise);
  for (const [key, element] of entries) {
    const inner = run.variables.length;
    const [first, second] = pipeline.variables;
    if (first !== undefined) setVariable(run, first, second === undefined ? element : key, pipeline.assigns);
    if (second !== undefined) setVariable(run, second, element, pipeline.assigns);
    const step = walkAll(run, element, node.body);
    run.variables.length = inner;
    if (step === 'break') break;
  }
  run.variables.length = scope;
  return flow;
}

function rangeEntries(run: Run, value: unknown, pipeline: Pipeline): [unknown, unknown][] {
  switch (kindOf(value)) {
    case 'list':
      return [...(value as unknown[]).entries()];
    case 'map':
      return sortedKeys(value as object).map((key) => [key, (value as Record<string, unknown>)[key]]);
    case 'int':
      return Array.from({ length: Math.max(0, Number(value)) }, (_, index) => [index, index]);
    case 'nil':
    case 'invalid':
      return [];
    default:
      throw failure(run, pipeline.commands.at(-1)?.operands[0] ?? pipeline, `range can't iterate over ${printValue(value)}`);
  }
}

function callTemplate(run: Run, dot: unknown, node: Extract<Node, { type: 'template' }>): void {
  const nodes = run.template.definitions.get(node.name);
  if (!nodes) throw failure(run, node, `template ${JSON.stringify(node.name)} not defined`);
  if (run.depth >= MAX_DEPTH) throw failure(run, node, `exceeded maximum template depth (${MAX_DEPTH})`);
  const data = node.pipeline ? evalPipeline(run, dot, node.pipeline) : undefined;
  walkAll({ ...run, name: node.name, depth: run.depth + 1, variables: [{ name: '$', value: data }] }, data, nodes);
}
