// ONBUILD instructions of a base, carried out by the stage that is built on it, before its own. A trigger cannot bring FROM, MAINTAINER or more
// triggers; that it was written long ago in another file is why its place is the FROM line's.
import type { Instruction } from '../dockerfile/ast.ts';
import { parseTrigger } from '../dockerfile/parse.ts';
import type { StageNode } from './stage-graph.ts';

/** Throws ERR_DOCKERFILE. */
export function triggersOf(texts: readonly string[], node: StageNode): Instruction[] {
  return texts.map((text) => {
    const instruction = parseTrigger(text, `ONBUILD of ${node.baseWord}`);
    return { ...instruction, span: node.stage.span };
  });
}
