// `inspect --format`: first against the typed object, then, where the template does not fit, against its JSON, in which every object is a
// map and every number a string to comparisons. Docker does both, so `{{.ID}}` and `{{.Id}}` work, and error texts are of the second try.
import { EngineError } from '../sys/errors.ts';
import { JsonNumber } from './go-values.ts';
import { compileTemplate } from './template.ts';
import { runTemplate } from './template-run.ts';
import { TemplateRunError } from './template-tree.ts';

/** A function that renders one object. Throws ERR_TEMPLATE: at once (exit code 64) for syntax, later (1) for unknown fields. */
export function inspectFormatter(format: string): (value: object) => string {
  const template = compileTemplate(format);
  return (value) => {
    try {
      return runTemplate(template, value);
    } catch (error) {
      if (!(error instanceof TemplateRunError)) throw error;
    }
    try {
      return runTemplate(template, untyped(value), { strictMaps: true });
    } catch (error) {
      if (!(error instanceof TemplateRunError)) throw error;
      throw new EngineError('ERR_TEMPLATE', `Template parsing error: ${error.message}`);
    }
  };
}

/** The value as it is read back from its JSON. */
function untyped(value: object): unknown {
  return JSON.parse(JSON.stringify(value), (_, item) => (typeof item === 'number' ? new JsonNumber(String(item)) : item));
}
