// Where a build is in its Dockerfile, for the functions that carry instructions out; and what is wrong there, told with its place.
import { EngineError, isDiskFull } from '../../sys/errors.ts';
import type { Dockerfile, Span } from '../dockerfile/ast.ts';
import { DockerfileProblem, dockerfileError } from '../dockerfile/problem.ts';
import type { Solving } from './solving.ts';
import type { StageNode } from './stage-graph.ts';
import type { StepNames } from './step-names.ts';

export interface BuildSpot {
  solving: Solving;
  node: StageNode;
  names: StepNames;
  /** Of the instruction in its stage, those of ONBUILD before its own. */
  position: number;
  /** ONBUILD of the base brought it. */
  isTrigger: boolean;
  /** Lines that are shown when it fails. */
  span: Span;
}

/** Whose own place says more than the Dockerfile's, or that no line is to blame for. */
const ELSEWHERE = new Set(['ERR_INTERRUPTED', 'ERR_NO_SPACE', 'ERR_DISK_FULL', 'ERR_LOCK_FILE']);
const placed = new WeakSet<Error>();

/** Runs `work`; what it throws is told with the lines of `span`. An error that has its place keeps it. */
export async function locating<T>(dockerfile: Dockerfile, span: Span, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw locatedAt(dockerfile, span, error);
  }
}

/** The error with its place, if that says anything. */
export function locatedAt(dockerfile: Dockerfile, span: Span, error: unknown): unknown {
  if (!(error instanceof EngineError) || placed.has(error) || ELSEWHERE.has(error.code) || isDiskFull(error)) return error;
  // The parser's own errors have their place; those of words that were read now do not.
  if (error.code === 'ERR_DOCKERFILE' && !(error instanceof DockerfileProblem)) return error;
  const { message, hint } = error;
  const told = dockerfileError(dockerfile, span.start, { message, hint, span });
  const located = new EngineError(error.code, told.message, {
    cause: error,
    exitCode: error.exitCode === 130 ? 130 : 1,
    ...(told.hint === undefined ? {} : { hint: told.hint }),
  });
  placed.add(located);
  return located;
}
