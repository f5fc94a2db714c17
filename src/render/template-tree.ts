// The parsed template: node types, their source text as Go's error messages quote it, and the two errors a template can raise.

interface Located {
  /** Offset in the template, where errors point. */
  pos: number;
}

export type Operand =
  | (Located & { type: 'dot' })
  | (Located & { type: 'nil' })
  | (Located & { type: 'bool'; value: boolean })
  | (Located & { type: 'number'; text: string; value: unknown })
  | (Located & { type: 'string'; text: string; value: string })
  | (Located & { type: 'field'; names: string[] })
  | (Located & { type: 'variable'; names: string[] })
  | (Located & { type: 'identifier'; name: string })
  | (Located & { type: 'chain'; base: Operand; names: string[] })
  | Pipeline;

export interface Command extends Located {
  type: 'command';
  operands: Operand[];
}

export interface Pipeline extends Located {
  type: 'pipeline';
  variables: string[];
  /** `=` rather than `:=`. */
  assigns: boolean;
  commands: Command[];
}

export interface Branch extends Located {
  type: 'if' | 'range' | 'with';
  pipeline: Pipeline;
  body: Node[];
  otherwise: Node[];
}

export type Node =
  | (Located & { type: 'text'; text: string })
  | (Located & { type: 'action'; pipeline: Pipeline })
  | (Located & { type: 'template'; name: string; pipeline: Pipeline | undefined })
  | (Located & { type: 'break' })
  | (Located & { type: 'continue' })
  | Branch;

/** A parsed template: its own nodes and what it defines. */
export interface Template {
  source: string;
  nodes: Node[];
  definitions: Map<string, Node[]>;
}

/** The template is not well formed; the message is Go's. */
export class TemplateParseError extends Error {}

/** The template does not fit the data; the message is Go's. */
export class TemplateRunError extends Error {}

/** The source of a node, in Go's normal form. */
export function nodeText(node: Operand | Command | Node): string {
  switch (node.type) {
    case 'dot':
      return '.';
    case 'nil':
      return 'nil';
    case 'bool':
      return String(node.value);
    case 'number':
    case 'string':
      return node.text;
    case 'field':
      return `.${node.names.join('.')}`;
    case 'variable':
      return node.names.join('.');
    case 'identifier':
      return node.name;
    case 'chain':
      return `${operandText(node.base)}.${node.names.join('.')}`;
    case 'command':
      return node.operands.map(operandText).join(' ');
    case 'pipeline':
      return pipelineText(node);
    case 'template':
      return `{{template ${JSON.stringify(node.name)}${node.pipeline ? ` ${pipelineText(node.pipeline)}` : ''}}}`;
    case 'action':
      return `{{${pipelineText(node.pipeline)}}}`;
    case 'text':
      return node.text;
    default:
      return `{{${node.type}}}`;
  }
}

function operandText(operand: Operand): string {
  return operand.type === 'pipeline' ? `(${pipelineText(operand)})` : nodeText(operand);
}

function pipelineText(pipeline: Pipeline): string {
  const names = pipeline.variables.length > 0 ? `${pipeline.variables.join(', ')} ${pipeline.assigns ? '=' : ':='} ` : '';
  return names + pipeline.commands.map(nodeText).join(' | ');
}
