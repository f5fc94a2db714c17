// `--attest type=sbom|provenance[,…]` and its short forms `--sbom` and `--provenance`: statements beside the image. A short form's `false` takes one away.
import type { BuildOptions } from '../model.ts';
import { keyedFields } from './fields.ts';

type Attest = BuildOptions['attest'];
type Kind = keyof Attest;

export interface AttestSpec {
  kind: Kind;
  /** undefined: none of this kind. */
  attributes: Record<string, string> | undefined;
}

/** Throws an Error. */
export function parseAttest(text: string): AttestSpec {
  return checkedAttest(keyedFields(text, { bare: { disabled: 'true' } }));
}

/** The same of fields that are apart already, as bake has them. Throws an Error. */
export function checkedAttest({ type, ...attributes }: Record<string, string>): AttestSpec {
  if (type === undefined) throw new Error('attestation type not specified: use type=sbom or type=provenance');
  if (type !== 'sbom' && type !== 'provenance') throw new Error(`unknown attestation type "${type}": use sbom or provenance`);
  return checked(type, attributes);
}

/** Reads the value of `--sbom` or `--provenance`: a truth value, or attributes. */
export function parseShortAttest(kind: Kind): (text: string) => AttestSpec {
  return (text) => {
    if (/^(1|t|true)$/i.test(text)) return { kind, attributes: {} };
    if (/^(0|f|false)$/i.test(text)) return { kind, attributes: undefined };
    return checked(kind, keyedFields(text, { bare: { disabled: 'true' } }));
  };
}

function checked(kind: Kind, given: Record<string, string>): AttestSpec {
  const { disabled, ...attributes } = given;
  const { mode } = attributes;
  if (kind === 'provenance' && mode !== undefined && mode !== 'min' && mode !== 'max') {
    throw new Error(`invalid mode "${mode}" of provenance: use min or max`);
  }
  return { kind, attributes: disabled !== undefined && /^(1|t|true)$/i.test(disabled) ? undefined : attributes };
}

/** The last of each kind counts; those of the short forms come last. */
export function attestOf(specs: readonly (AttestSpec | undefined)[]): Attest {
  const attest: Attest = {};
  for (const spec of specs) {
    if (spec?.attributes) attest[spec.kind] = spec.attributes;
    else if (spec) delete attest[spec.kind];
  }
  return attest;
}
