// The form of our registries.json. A module of its own, loaded where there is such a file: checking is more work than a whole request.
import * as z from 'zod/mini';
import { brokenSettings } from './settings-file.ts';

const certificates = z.strictObject({ ca: z.optional(z.string()), cert: z.optional(z.string()), key: z.optional(z.string()) });
const fileSchema = z.strictObject({
  insecure: z.optional(z.array(z.string())),
  blocked: z.optional(z.array(z.string())),
  mirrors: z.optional(z.record(z.string(), z.array(z.string()))),
  certificates: z.optional(z.record(z.string(), certificates)),
});

/** Throws ERR_REGISTRIES_FILE. */
export function parseRegistries(path: string, text: string): z.infer<typeof fileSchema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw brokenSettings(path, 'it is not JSON', error);
  }
  const result = z.safeParse(fileSchema, value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue && issue.path.length > 0 ? ` at "${issue.path.map(String).join('.')}"` : '';
  throw brokenSettings(
    path,
    `it is not of the form {"insecure": […], "blocked": […], "mirrors": {…}, "certificates": {…}}${where}`,
    result.error,
  );
}
