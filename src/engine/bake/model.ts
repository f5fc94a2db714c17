// What bake files say: targets by name, groups of them, variables. Names of attributes are buildx's. Types alone.
import type { At, Expression, Value } from './hcl/ast.ts';

/** Attributes of a target as they were given; absent ones are inherited or left to their defaults. */
export interface TargetFields {
  description?: string;
  inherits?: string[];
  annotations?: string[];
  attest?: Fields[];
  context?: string;
  contexts?: Record<string, string>;
  dockerfile?: string;
  'dockerfile-inline'?: string;
  /** null: explicitly none. */
  args?: Record<string, string | null>;
  labels?: Record<string, string | null>;
  tags?: string[];
  'cache-from'?: Fields[];
  'cache-to'?: Fields[];
  target?: string;
  secret?: Fields[];
  ssh?: SshFields[];
  platforms?: string[];
  output?: Fields[];
  pull?: boolean;
  'no-cache'?: boolean;
  network?: string;
  'no-cache-filter'?: string[];
  'shm-size'?: string;
  ulimits?: string[];
  call?: string;
  entitlements?: string[];
  'extra-hosts'?: Record<string, string>;
}

export type Fields = Record<string, string>;
export interface SshFields {
  id: string;
  paths?: string[];
}

export interface BakeTarget {
  name: string;
  fields: TargetFields;
  /** Undefined: of a compose file, or of the command line. */
  at: At | undefined;
}

export interface BakeGroup {
  name: string;
  targets: string[];
  description?: string | undefined;
  at: At | undefined;
}

export interface BakeVariable {
  name: string;
  description: string | undefined;
  type: string | undefined;
  default: Expression | undefined;
  /** undefined where it has none or cannot be had. */
  value: Value | undefined;
}

/** All files together. Of a name that several define, the fields are merged already, the last one's first. */
export interface BakeDefinition {
  targets: Map<string, BakeTarget>;
  groups: Map<string, BakeGroup>;
  variables: BakeVariable[];
}

/** What `--print` shows and what is built. */
export interface BakePlan {
  groups: BakeGroup[];
  targets: PlannedTarget[];
}

export interface PlannedTarget extends BakeTarget {
  /** Only built because another one's context names it. */
  isLinked: boolean;
}
