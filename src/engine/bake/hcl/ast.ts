// An HCL document as it is written (HCL native syntax specification): bodies of attributes and blocks, expressions with their places. Types alone.

export interface At {
  file: string;
  /** From 1. */
  line: number;
  column: number;
}

export interface Body {
  attributes: Attribute[];
  blocks: Block[];
}

export interface Attribute {
  name: string;
  value: Expression;
  at: At;
}

export interface Block {
  type: string;
  labels: string[];
  body: Body;
  at: At;
}

export type BinaryOperator = '||' | '&&' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/' | '%';

export type Expression = { at: At } & (
  | { kind: 'literal'; value: string | number | boolean | null }
  | { kind: 'template'; parts: TemplatePart[] }
  | { kind: 'list'; items: Expression[] }
  | { kind: 'object'; entries: { key: Expression; value: Expression }[] }
  | { kind: 'variable'; name: string }
  | { kind: 'index'; of: Expression; index: Expression }
  /** `list[*].a.b`, or `list.*.a`: each item's steps. */
  | { kind: 'splat'; of: Expression; steps: Expression[] }
  | { kind: 'call'; name: string; args: Expression[]; isExpanded: boolean }
  | { kind: 'unary'; operator: '!' | '-'; of: Expression }
  | { kind: 'binary'; operator: BinaryOperator; left: Expression; right: Expression }
  | { kind: 'conditional'; condition: Expression; yes: Expression; no: Expression }
  | ForExpression
);

export interface ForExpression {
  kind: 'for';
  keyName: string | undefined;
  valueName: string;
  in: Expression;
  /** Of an object. */
  key: Expression | undefined;
  value: Expression;
  isGrouped: boolean;
  condition: Expression | undefined;
}

export type TemplatePart =
  | { kind: 'text'; text: string }
  | { kind: 'value'; value: Expression }
  | { kind: 'if'; condition: Expression; yes: TemplatePart[]; no: TemplatePart[] }
  | { kind: 'for'; keyName: string | undefined; valueName: string; in: Expression; body: TemplatePart[] };

/** What an expression comes to. */
export type Value = string | number | boolean | null | Value[] | { [name: string]: Value };
