// Go template text to a tree: text, actions, branches, definitions. One pass over the tokens; messages are those of Go's text/template,
// because people search for them.
import { bad, next, nextSolid, type Parser, peek, peekSolid, unexpected } from './template-cursor.ts';
import { lexTemplate, type Token } from './template-lex.ts';
import { pipeline, unquoted } from './template-pipeline.ts';
import type { Branch, Node, Template } from './template-tree.ts';

/** Parses `source`; `functions` are the names that may be called. Throws TemplateParseError. */
export function parseTemplate(source: string, functions: ReadonlySet<string>): Template {
  const parser: Parser = {
    source,
    tokens: lexTemplate(source),
    at: 0,
    variables: ['$'],
    rangeDepth: 0,
    functions,
    definitions: new Map(),
  };
  const { nodes, end } = list(parser, { top: true });
  if (end !== 'eof') throw bad(parser, `unexpected {{${end}}}`);
  return { source, nodes, definitions: parser.definitions };
}

type ListEnd = 'eof' | 'end' | 'else';

/** Nodes up to `{{end}}`, `{{else` (left after the keyword) or the end of the text. */
function list(parser: Parser, options: { top?: boolean } = {}): { nodes: Node[]; end: ListEnd } {
  const nodes: Node[] = [];
  for (;;) {
    const token = next(parser);
    if (token.kind === 'eof') return { nodes, end: 'eof' };
    if (token.kind === 'text') {
      nodes.push({ type: 'text', text: token.text, pos: token.pos });
      continue;
    }
    const first = nextSolid(parser);
    if (first.kind === 'keyword') {
      if (first.text === 'end') {
        close(parser, 'end');
        return { nodes, end: 'end' };
      }
      if (first.text === 'else') return { nodes, end: 'else' };
      const node = control(parser, first, options.top ?? false);
      if (node) nodes.push(node);
      continue;
    }
    parser.at--;
    const pos = peek(parser).pos;
    nodes.push({ type: 'action', pipeline: pipeline(parser, 'command', 'close'), pos });
  }
}

function control(parser: Parser, keyword: Token, top: boolean): Node | undefined {
  switch (keyword.text) {
    case 'if':
    case 'range':
    case 'with':
      return branch(parser, keyword.text, keyword.pos);
    case 'break':
    case 'continue':
      if (parser.rangeDepth === 0) throw bad(parser, `{{${keyword.text}}} outside {{range}}`);
      close(parser, keyword.text);
      return { type: keyword.text, pos: keyword.pos };
    case 'template': {
      const { name, pos } = templateName(parser, 'template clause');
      if (peekSolid(parser).kind !== 'close')
        return { type: 'template', name, pos, pipeline: pipeline(parser, 'template clause', 'close') };
      close(parser, 'template clause');
      return { type: 'template', name, pos, pipeline: undefined };
    }
    case 'block': {
      const { name, pos } = templateName(parser, 'block clause');
      const argument = pipeline(parser, 'block clause', 'close');
      define(parser, name);
      return { type: 'template', name, pos, pipeline: argument };
    }
    default: {
      if (!top) throw bad(parser, 'unexpected {{define}}');
      const { name } = templateName(parser, 'define clause');
      close(parser, 'define clause');
      define(parser, name);
      return undefined;
    }
  }
}

function define(parser: Parser, name: string): void {
  const outer = parser.variables;
  parser.variables = ['$'];
  const { nodes, end } = list(parser);
  parser.variables = outer;
  if (end !== 'end') throw bad(parser, end === 'eof' ? 'unexpected EOF' : 'unexpected {{else}}');
  parser.definitions.set(name, nodes);
}

function branch(parser: Parser, type: Branch['type'], pos: number): Branch {
  const scope = parser.variables.length;
  const condition = pipeline(parser, type, 'close');
  if (type === 'range') parser.rangeDepth++;
  const body = list(parser);
  if (type === 'range') parser.rangeDepth--;
  let otherwise: Node[] = [];
  if (body.end === 'eof') throw bad(parser, 'unexpected EOF');
  if (body.end === 'else') {
    const then = peekSolid(parser);
    if (type !== 'range' && then.kind === 'keyword' && then.text === type) {
      nextSolid(parser);
      otherwise = [branch(parser, type, then.pos)];
    } else {
      close(parser, 'else');
      const rest = list(parser);
      if (rest.end !== 'end') throw bad(parser, rest.end === 'eof' ? 'unexpected EOF' : 'expected end; found {{else}}');
      otherwise = rest.nodes;
    }
  }
  parser.variables.length = scope;
  return { type, pipeline: condition, body: body.nodes, otherwise, pos };
}

function templateName(parser: Parser, context: string): { name: string; pos: number } {
  const token = nextSolid(parser);
  if (token.kind !== 'string' && token.kind !== 'rawString') throw unexpected(parser, token, context);
  return { name: unquoted(parser, token.text), pos: token.pos };
}

function close(parser: Parser, context: string): void {
  const token = nextSolid(parser);
  if (token.kind !== 'close') throw unexpected(parser, token, context);
}
