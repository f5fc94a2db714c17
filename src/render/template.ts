// Go templates for `--format`. Loaded only when the user gives one: import it dynamically. Errors are EngineErrors with Go's words.
import { EngineError } from '../sys/errors.ts';
import { FUNCTIONS } from './template-functions.ts';
import { parseTemplate } from './template-parse.ts';
import { type RunOptions, runTemplate } from './template-run.ts';
import { type Template, TemplateParseError, TemplateRunError } from './template-tree.ts';

export type { Template } from './template-tree.ts';

const NAMES: ReadonlySet<string> = new Set(Object.keys(FUNCTIONS));

/** Parses `source`. Throws ERR_TEMPLATE with `exitCode` (Docker's `inspect`, `info` and `version` end with 64, its lists with 1). */
export function compileTemplate(source: string, exitCode = 64): Template {
  try {
    return parseTemplate(source, NAMES);
  } catch (error) {
    if (!(error instanceof TemplateParseError)) throw error;
    throw new EngineError('ERR_TEMPLATE', `Template parsing error: ${error.message}`, { exitCode });
  }
}

/** The text that `template` makes of `data`. Throws ERR_TEMPLATE (exit code 1) when the data has no such field. */
export function applyTemplate(template: Template, data: unknown, options?: RunOptions): string {
  try {
    return runTemplate(template, data, options);
  } catch (error) {
    if (!(error instanceof TemplateRunError)) throw error;
    throw new EngineError('ERR_TEMPLATE', `Failed to execute template: ${error.message}`);
  }
}

/** `compileTemplate` and `applyTemplate` in one. */
export function renderTemplate(source: string, data: unknown, options?: RunOptions): string {
  return applyTemplate(compileTemplate(source), data, options);
}
