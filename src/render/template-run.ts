// Runs a parsed Go template over plain data marked by go-values.ts.
// Missing map key: `<no value>`, or an error with `strictMaps`; missing struct field: always an error, as in Docker. Error texts and
// positions are Go's (`template: :1:2: executing "" at <.Foo>: …`), since users know them.
import { printValue } from './go-print.ts';
import { type GoFunction, isTrue, kindOf, numberOf, sortedKeys, textOf, typeName } from './go-values.ts';
import { FUNCTIONS, HEADER_FUNCTIONS, type TemplateFunction } from './template-functions.ts';
import {
  type Branch,
  type Command,
  type Node,
  nodeText,
  type Operand,
  type Pipeline,
  type Template,
  TemplateRunError,
} from './template-tree.ts';

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

interface Run {
  template: Template;
  /** Of the definition that is running; '' at the top. */
  name: string;
  strict: boolean;
  functions: Readonly<Record<string, TemplateFunction>>;
  output: string[];
  variables: { name: string; value: unknown }[];
  depth: number;
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

function evalPipeline(run: Run, dot: unknown, pipeline: Pipeline): unknown {
  let final: Final;
  for (const command of pipeline.commands) final = { value: evalCommand(run, dot, command, final) };
  const value = final?.value;
  for (const name of pipeline.variables) setVariable(run, name, value, pipeline.assigns);
  return value;
}

/** The result of the pipeline stage before, which becomes the last argument. */
type Final = { value: unknown } | undefined;

function setVariable(run: Run, name: string, value: unknown, assigns: boolean): void {
  const known = assigns ? run.variables.findLast((variable) => variable.name === name) : undefined;
  if (known) known.value = value;
  else run.variables.push({ name, value });
}

function evalCommand(run: Run, dot: unknown, command: Command, final: Final): unknown {
  const [first, ...rest] = command.operands as [Operand, ...Operand[]];
  const args: Args = { dot, operands: rest, final };
  switch (first.type) {
    case 'field':
      return fieldChain(run, dot, first.names, first, args);
    case 'variable':
      return fieldChain(run, variable(run, first.names[0]), first.names.slice(1), first, args);
    case 'chain':
      return fieldChain(run, evalOperand(run, dot, first.base), first.names, first, args);
    case 'identifier':
      return callFunction(run, first, command, args);
    case 'nil':
      throw failure(run, first, 'nil is not a command');
    default:
      if (rest.length > 0 || final) throw failure(run, first, `can't give argument to non-function ${nodeText(first)}`);
      return evalOperand(run, dot, first);
  }
}

interface Args {
  dot: unknown;
  operands: Operand[];
  final: Final;
}

function evalOperand(run: Run, dot: unknown, operand: Operand): unknown {
  switch (operand.type) {
    case 'dot':
      return dot;
    case 'nil':
      return null;
    case 'bool':
    case 'string':
    case 'number':
      return operand.value;
    case 'pipeline':
      return evalPipeline(run, dot, operand);
    default:
      return evalCommand(run, dot, { type: 'command', operands: [operand], pos: operand.pos }, undefined);
  }
}

function variable(run: Run, name: string | undefined): unknown {
  return run.variables.findLast((known) => known.name === name)?.value;
}

function fieldChain(run: Run, start: unknown, names: string[], node: Operand, args: Args): unknown {
  let value = start;
  names.forEach((name, index) => {
    value = fieldOf(run, value, name, node, index === names.length - 1 ? args : undefined);
  });
  if (names.length === 0 && (args.operands.length > 0 || args.final))
    throw failure(run, node, `can't give argument to non-function ${nodeText(node)}`);
  return value;
}

function fieldOf(run: Run, receiver: unknown, name: string, node: Operand, args: Args | undefined): unknown {
  const kind = kindOf(receiver);
  if (kind === 'invalid') return undefined;
  if (kind === 'nil') throw failure(run, node, `nil pointer evaluating interface {}.${name}`);
  const found = kind === 'map' || kind === 'struct' ? member(receiver as Record<string, unknown>, name, kind) : undefined;
  if (!found) {
    if (kind !== 'map')
      throw failure(run, node, `can't evaluate field ${name} in type ${run.strict ? 'interface {}' : typeName(receiver)}`);
    if (run.strict) throw failure(run, node, `map has no entry for key ${JSON.stringify(name)}`);
    return undefined;
  }
  if (typeof found.value === 'function') return method(run, found.value as GoFunction, name, node, args);
  const given = (args?.operands.length ?? 0) + (args?.final ? 1 : 0);
  if (given > 0) throw failure(run, node, kind === 'map' ? `${name} is not a method but has arguments` : wrongCount(name, '0', given));
  return found.value;
}

function member(receiver: Record<string, unknown>, name: string, kind: 'map' | 'struct'): { value: unknown } | undefined {
  // An unset field of a struct is a nil pointer; an unset key of a map is no value.
  if (Object.hasOwn(receiver, name)) return { value: kind === 'struct' ? (receiver[name] ?? null) : receiver[name] };
  // Go's field names keep initialisms whole where JSON's do not: `.ID` is `Id`, `.HostConfig.NanoCPUs` is `NanoCpus`.
  const spelled = kind === 'struct' ? Object.keys(receiver).find((key) => key.toLowerCase() === name.toLowerCase()) : undefined;
  return spelled !== undefined && /[A-Z]{2}/.test(name) ? { value: receiver[spelled] ?? null } : undefined;
}

function method(run: Run, callee: GoFunction, name: string, node: Operand, args: Args | undefined): unknown {
  const values = args
    ? [...args.operands.map((operand) => evalOperand(run, args.dot, operand)), ...(args.final ? [args.final.value] : [])]
    : [];
  if (values.length !== callee.length) throw failure(run, node, wrongCount(name, String(callee.length), values.length));
  return callee(...values);
}

function callFunction(run: Run, node: Extract<Operand, { type: 'identifier' }>, command: Command, args: Args): unknown {
  const target = run.functions[node.name] as TemplateFunction;
  const count = args.operands.length + (args.final ? 1 : 0);
  const wanted = target.parameters.length;
  if (target.variadic ? count < wanted - 1 : count !== wanted)
    throw failure(run, node, wrongCount(node.name, target.variadic ? `at least ${wanted - 1}` : String(wanted), count));
  if (node.name === 'and' || node.name === 'or') return shortCircuit(run, node.name, args);
  const values = args.operands.map((operand, index) =>
    checked(run, operand, evalOperand(run, args.dot, operand), parameterOf(target, index)),
  );
  if (args.final) values.push(checkedFinal(run, command, args.final.value, parameterOf(target, count - 1)));
  try {
    return target.run(...values);
  } catch (error) {
    if (error instanceof TemplateRunError) throw error;
    throw failure(run, command, `error calling ${node.name}: ${error instanceof Error ? error.message : error}`);
  }
}

function shortCircuit(run: Run, name: 'and' | 'or', args: Args): unknown {
  let value: unknown;
  for (const operand of args.operands) {
    value = evalOperand(run, args.dot, operand);
    if (isTrue(value) === (name === 'or')) return value;
  }
  return args.final ? args.final.value : value;
}

type Parameter = TemplateFunction['parameters'][number];

function parameterOf(target: TemplateFunction, index: number): Parameter {
  return target.parameters[Math.min(index, target.parameters.length - 1)] ?? 'any';
}

function checked(run: Run, operand: Operand, value: unknown, wanted: Parameter): unknown {
  if (fits(value, wanted)) return value;
  if (operand.type === 'field' || operand.type === 'variable' || operand.type === 'pipeline' || operand.type === 'chain')
    throw failure(run, operand, `wrong type for value; expected ${wanted}; got ${typeName(value)}`);
  throw failure(run, operand, `expected ${wanted === 'int' ? 'integer' : wanted}; found ${nodeText(operand)}`);
}

function checkedFinal(run: Run, command: Command, value: unknown, wanted: Parameter): unknown {
  if (fits(value, wanted)) return value;
  throw failure(run, command, `wrong type for value; expected ${wanted}; got ${typeName(value)}`);
}

function fits(value: unknown, wanted: Parameter): boolean {
  const kind = kindOf(value);
  if (wanted === 'any') return true;
  if (wanted === '[]string') return kind === 'list';
  return kind === wanted || (wanted === 'int' && Number.isInteger(numberOf(value)) && textOf(value) !== '' && kind === 'float');
}

function wrongCount(name: string, wanted: string, given: number): string {
  return `wrong number of args for ${name}: want ${wanted} got ${given}`;
}

/** An error at `node`, located as Go does: line, byte column, and the node's text. */
function failure(run: Run, node: Operand | Command | Node, message: string): TemplateRunError {
  const before = run.template.source.slice(0, node.pos);
  const line = before.split('\n').length;
  const column = Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1));
  return new TemplateRunError(`template: :${line}:${column}: executing ${JSON.stringify(run.name)} at <${nodeText(node)}>: ${message}`);
}
