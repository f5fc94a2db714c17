// podman's policy file, containers-policy.json(5), read for those who have one: of its transports `docker` and the default. What it asks for and
// cannot be checked here (GPG signatures; Fulcio without a trusted root) is refused by name, for it was meant to hold.
import { dirname, isAbsolute, resolve } from 'node:path';
import * as z from 'zod/mini';
import type { Reference } from '../reference.ts';
import { brokenPolicy } from './policy-error.ts';
import { PLAIN_SIGNATURE, type Requirement, type Ruling, type SignedName, type Source } from './requirement.ts';
import { scopesOf } from './scope.ts';

const identity = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('matchExact') }),
  z.strictObject({ type: z.literal('matchRepoDigestOrExact') }),
  z.strictObject({ type: z.literal('matchRepository') }),
  z.strictObject({ type: z.literal('exactReference'), dockerReference: z.string() }),
  z.strictObject({ type: z.literal('exactRepository'), dockerRepository: z.string() }),
  z.strictObject({ type: z.literal('remapIdentity'), prefix: z.string(), signedPrefix: z.string() }),
]);
const sigstoreSigned = z.looseObject({
  type: z.literal('sigstoreSigned'),
  keyPath: z.optional(z.string()),
  keyPaths: z.optional(z.array(z.string())),
  keyData: z.optional(z.string()),
  keyDatas: z.optional(z.array(z.string())),
  rekorPublicKeyPath: z.optional(z.string()),
  rekorPublicKeyPaths: z.optional(z.array(z.string())),
  rekorPublicKeyData: z.optional(z.string()),
  rekorPublicKeyDatas: z.optional(z.array(z.string())),
  signedIdentity: z.optional(identity),
});
const requirement = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('insecureAcceptAnything') }),
  z.strictObject({ type: z.literal('reject') }),
  sigstoreSigned,
  z.looseObject({ type: z.literal('signedBy') }),
  z.looseObject({ type: z.literal('signedBaseLayer') }),
]);
const requirements = z.array(requirement).check(z.minLength(1));
const schema = z.strictObject({
  default: requirements,
  transports: z.optional(z.record(z.string(), z.record(z.string(), requirements))),
});

/** Whether it is in podman's form rather than ours: its default is a list of types. */
export function isPodmanPolicy(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const [first] = 'default' in value && Array.isArray(value.default) ? value.default : [];
  return 'transports' in value || (typeof first === 'object' && first !== null && 'type' in first);
}

/** Throws ERR_POLICY_FILE. */
export function readPodmanPolicy(path: string, value: unknown): (reference: Reference) => Ruling {
  const result = z.safeParse(schema, value);
  if (!result.success) {
    const where = result.error.issues[0]?.path.map(String).join('.') || 'its beginning';
    throw brokenPolicy(path, `it is no policy as containers-policy.json(5) describes it, at "${where}"`, result.error);
  }
  const { default: general, transports = {} } = result.data;
  const docker = new Map(Object.entries(transports.docker ?? {}));
  return (reference) => {
    const scope = [...scopesOf(reference), ''].find((name) => docker.has(name));
    const given = (scope === undefined ? undefined : docker.get(scope)) ?? general;
    const place = `${scope === undefined ? '"default"' : `"${scope || 'docker'}"`} of ${path}`;
    return { place, mode: 'all', requirements: given.map((one) => requirementOf(path, one)) };
  };
}

function requirementOf(path: string, one: z.infer<typeof requirement>): Requirement {
  switch (one.type) {
    case 'insecureAcceptAnything':
      return { kind: 'accept' };
    case 'reject':
      return { kind: 'reject' };
    case 'sigstoreSigned':
      return sigstoreOf(path, one);
    default:
      return { kind: 'unusable', why: `it asks for "${one.type}", and GPG signatures are not checked here` };
  }
}

function sigstoreOf(path: string, one: z.infer<typeof sigstoreSigned>): Requirement {
  const known = new Set(Object.keys(sigstoreSigned.def.shape));
  const other = Object.keys(one).find((name) => !known.has(name));
  if (other !== undefined) return { kind: 'unusable', why: `it asks for "${other}", which is not checked here` };
  const files = (paths: (string | undefined)[]): Source[] =>
    paths.filter((name) => name !== undefined).map((name) => ({ path: absolute(path, name) }));
  const datas = (texts: (string | undefined)[], name: string): Source[] =>
    texts
      .filter((text) => text !== undefined)
      .map((text) => ({ text: Buffer.from(text, 'base64').toString(), name: `the ${name} in ${path}` }));
  const keys = [...files([one.keyPath, ...(one.keyPaths ?? [])]), ...datas([one.keyData, ...(one.keyDatas ?? [])], 'key')];
  const logKeys = [
    ...files([one.rekorPublicKeyPath, ...(one.rekorPublicKeyPaths ?? [])]),
    ...datas([one.rekorPublicKeyData, ...(one.rekorPublicKeyDatas ?? [])], 'log key'),
  ];
  if (keys.length === 0) return { kind: 'unusable', why: 'its "sigstoreSigned" names no key' };
  return {
    kind: 'signed',
    by: { kind: 'keys', keys },
    trust: { kind: 'log-keys', keys: logKeys },
    isLogged: logKeys.length > 0,
    name: signedName(one.signedIdentity),
    predicateType: PLAIN_SIGNATURE,
  };
}

function signedName(given: z.infer<typeof identity> | undefined): SignedName {
  switch (given?.type) {
    case 'matchExact':
      return { kind: 'exact' };
    case 'matchRepository':
      return { kind: 'repository' };
    case 'exactReference':
      return { kind: 'exact-reference', name: given.dockerReference };
    case 'exactRepository':
      return { kind: 'exact-repository', name: given.dockerRepository };
    case 'remapIdentity':
      return { kind: 'remapped', prefix: given.prefix, to: given.signedPrefix };
    default:
      return { kind: 'digest-or-exact' };
  }
}

const absolute = (path: string, name: string): string => (isAbsolute(name) ? name : resolve(dirname(path), name));
