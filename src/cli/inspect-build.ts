// `build --check` and `--call`: what the engine finds in a Dockerfile, on standard output; notes of a check make the exit code 1.
import { type Inspection, inspectBuild } from '../engine/build/inspect.ts';
import type { BuildRequest } from '../engine/build/model.ts';
import type { Ctx } from '../sys/context.ts';
import type { Io } from './command.ts';
import type { Call } from './flags-build.ts';
import { interruptible } from './interruptible.ts';

export interface InspectCall {
  method: Inspection['method'];
  format: Call['format'];
}

/** Answers the exit code. Throws as `inspectBuild`. */
export async function showInspection(ctx: Ctx, request: BuildRequest, { io, call }: { io: Io; call: InspectCall }): Promise<number> {
  const { method, format } = call;
  const inspection = await interruptible((signal) => inspectBuild(ctx, request, { method, signal, onEvent: () => undefined }));
  io.out(await textOf(inspection, format));
  return inspection.method === 'check' && inspection.notes.length > 0 ? 1 : 0;
}

async function textOf(inspection: Inspection, format: Call['format']): Promise<string> {
  const { file } = inspection;
  if (inspection.method === 'check') {
    const { lintJson, lintText } = await import('../render/build-lint.ts');
    return format === 'json' ? lintJson(file, inspection.notes) : lintText(inspection.notes);
  }
  const { outlineJson, outlineText, targetsJson, targetsText } = await import('../render/build-outline.ts');
  if (inspection.method === 'outline') return format === 'json' ? outlineJson(file, inspection.outline) : outlineText(inspection.outline);
  return format === 'json' ? targetsJson(file, inspection.targets) : targetsText(inspection.targets);
}
