// What a pipeline of a running template evaluates to: fields, variables, calls. Missing map key: no value, or an error in strict runs;
// missing struct field: always an error. Error texts and positions are Go's (`template: :1:2: executing "" at <.Foo>: …`).
import { type GoFunction, isTrue, kindOf, numberOf, textOf, typeName } from './go-values.ts';
import type { TemplateFunction } from './template-functions.ts';
import { type Command, type Node, nodeText, type Operand, type Pipeline, type Template, TemplateRunError } from './template-tree.ts';

export interface Run {
  template: Template;
  /** Of the definition that is running; '' at the top. */
  name: string;
  strict: boolean;
  functions: Readonly<Record<string, TemplateFunction>>;
  output: string[];
  variables: { name: string; value: unknown }[];
  depth: number;
}

export function evalPipeline(run: Run, dot: unknown, pipeline: Pipeline): unknown {
  let final: Final;
  for (const command of pipeline.commands) final = { value: evalCommand(run, dot, command, final) };
  const value = final?.value;
  for (const name of pipeline.variables) setVariable(run, name, value, pipeline.assigns);
  return value;
}

/** The result of the pipeline stage before, which becomes the last argument. */
type Final = { value: unknown } | undefined;

export function setVariable(run: Run, name: string, value: unknown, assigns: boolean): void {
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
export function failure(run: Run, node: Operand | Command | Node, message: string): TemplateRunError {
  const before = run.template.source.slice(0, node.pos);
  const line = before.split('\n').length;
  const column = Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1));
  return new TemplateRunError(`template: :${line}:${column}: executing ${JSON.stringify(run.name)} at <${nodeText(node)}>: ${message}`);
}
