// Our own policy file (docs/verification.md tells its fields): a rule for everything and rules for parts. `default` must be given, so that
// nobody has to guess what holds for the rest.
import { dirname, resolve } from 'node:path';
import * as z from 'zod/mini';
import { parseReference, type Reference } from '../reference.ts';
import { exactly, type Matcher, wholePattern } from './match.ts';
import { brokenPolicy } from './policy-error.ts';
import { PLAIN_SIGNATURE, type Requirement, type Ruling, type Signed, type SignedName, type Source, type Trust } from './requirement.ts';
import { scopesAsWritten } from './scope.ts';

const common = {
  trustedRoot: z.optional(z.string()),
  signedAs: z.optional(z.string()),
  predicateType: z.optional(z.string()),
};
const keyRule = z.strictObject({
  key: z.union([z.string(), z.array(z.string()).check(z.minLength(1))]),
  log: z.optional(z.boolean()),
  ...common,
});
const text = z.string().check(z.minLength(1));
const identityRule = z.union([
  z.strictObject({ issuer: text, subject: text, ...common }),
  z.strictObject({ issuerPattern: text, subject: text, ...common }),
  z.strictObject({ issuer: text, subjectPattern: text, ...common }),
  z.strictObject({ issuerPattern: text, subjectPattern: text, ...common }),
]);
const signedRule = z.union([keyRule, identityRule]);
const rule = z.union([z.literal('accept'), z.literal('reject'), signedRule, z.array(signedRule).check(z.minLength(1))]);
const schema = z.strictObject({
  default: rule,
  images: z.optional(z.record(z.string(), rule)),
  trustedRoot: z.optional(z.string()),
  tuf: z.optional(z.strictObject({ mirror: z.url({ protocol: /^https?$/ }), root: z.string() })),
});

type Rule = z.infer<typeof rule>;
type SignedRule = z.infer<typeof signedRule>;

const FORM = 'it is not of the form {"default": RULE, "images": {NAME: RULE, …}}';
const RULE_FORM = '"accept", "reject", {"key": FILE}, {"issuer": URL, "subject": NAME} or a list of such objects';

/** Throws ERR_POLICY_FILE. */
export function readOwnPolicy(path: string, value: unknown, home: string): (reference: Reference) => Ruling {
  const result = z.safeParse(schema, value);
  if (!result.success) throw brokenPolicy(path, whatIsWrong(result.error.issues[0]?.path.map(String) ?? []), result.error);
  const { default: general, images = {}, trustedRoot, tuf } = result.data;
  const at = (name: string): string => resolve(dirname(path), name.replace(/^~(?=\/)/, home));
  const trust: Trust =
    trustedRoot === undefined
      ? { kind: 'tuf', own: tuf && { mirror: tuf.mirror.replace(/\/+$/, ''), root: at(tuf.root) } }
      : fromFile(at(trustedRoot));
  const read = (scope: string, given: Rule): Ruling => ({
    place: `${scope === '' ? '"default"' : `"${scope}"`} of ${path}`,
    mode: 'any',
    requirements: requirementsOf(given, (one) => signedOf(one, { path, scope, at, trust })),
  });
  // Read as a whole at once: a mistake in a rule must not wait for the image that it is for.
  const rulings = new Map(Object.entries(images).map(([scope, given]) => [checkScope(path, scope), read(scope, given)]));
  const other = read('', general);
  return (reference) => {
    const scope = scopesAsWritten(reference).find((name) => rulings.has(name));
    return (scope !== undefined ? rulings.get(scope) : undefined) ?? other;
  };
}

function requirementsOf(given: Rule, signed: (one: SignedRule) => Signed): Requirement[] {
  if (given === 'accept' || given === 'reject') return [{ kind: given }];
  return Array.isArray(given) ? given.map(signed) : [signed(given)];
}

interface Around {
  path: string;
  scope: string;
  at: (name: string) => string;
  /** Where a rule names nothing else. */
  trust: Trust;
}

const fromFile = (path: string): Trust => ({ kind: 'file', root: { path } });

function signedOf(one: SignedRule, { path, scope, at, trust: general }: Around): Signed {
  const trust = one.trustedRoot === undefined ? general : fromFile(at(one.trustedRoot));
  const name = nameRule(one.signedAs, path, scope);
  const rest = { kind: 'signed' as const, trust, name, predicateType: one.predicateType ?? PLAIN_SIGNATURE };
  if ('key' in one) {
    const keys = (Array.isArray(one.key) ? one.key : [one.key]).map((key) => keySource(key, at));
    return { ...rest, by: { kind: 'keys', keys }, isLogged: one.log ?? false };
  }
  const issuer = 'issuer' in one ? exactly(one.issuer) : pattern(path, one.issuerPattern);
  const subject = 'subject' in one ? exactly(one.subject) : pattern(path, one.subjectPattern);
  return { ...rest, by: { kind: 'identity', issuer, subject }, isLogged: true };
}

function nameRule(signedAs: string | undefined, path: string, scope: string): SignedName {
  if (signedAs === undefined) return { kind: 'same' };
  if (signedAs === 'any') return { kind: 'any' };
  if (scope === '' || scope.startsWith('*.')) {
    throw brokenPolicy(path, `"signedAs" is of use only for a registry or a part of one, not at "${scope || 'default'}"`);
  }
  // Without the tag or digest that a rule for one image has; a registry's port is none.
  const prefix = scope.includes('/') ? scope.replace(/[:@][^/]*$/, '') : scope;
  return { kind: 'moved', prefix, to: signedAs };
}

function keySource(key: string, at: (name: string) => string): Source {
  return key.startsWith('-----BEGIN ') ? { text: key, name: 'the key in the policy' } : { path: at(key) };
}

function pattern(path: string, source: string): Matcher {
  try {
    return wholePattern(source);
  } catch (error) {
    throw brokenPolicy(path, `"${source}" is no regular expression`, error);
  }
}

/** A rule that nothing can match would let through what it was to hold back. */
function checkScope(path: string, scope: string): string {
  const [first = ''] = scope.split('/', 1);
  if (!/[.:]/.test(first) && first !== 'localhost') {
    throw brokenPolicy(path, `"${scope}" names no registry: write it in full, such as docker.io/library/alpine`);
  }
  try {
    const registry = scope.replace(/^\*\./, 'any.');
    const { registry: read } = parseReference(scope.includes('/') ? registry : `${registry}/any`);
    if (!(scope.startsWith('*.') && scope.includes('/')) && read === registry.split('/', 1)[0]) return scope;
  } catch {
    // Said below.
  }
  throw brokenPolicy(path, `"${scope}" is no image's name and no part of one`);
}

function whatIsWrong(at: readonly string[]): string {
  const [first, second] = at;
  if (first === 'images' && second !== undefined) return `what stands at "${second}" is no rule: ${RULE_FORM}`;
  return first === 'default' ? `its "default" is missing or no rule: ${RULE_FORM}` : FORM;
}
