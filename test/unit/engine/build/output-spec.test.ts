import type { OutputSpec } from '../../../../src/engine/build/model.ts';
import { parseOutput } from '../../../../src/engine/build/options/output.ts';
import { checkOutputs, placeOf } from '../../../../src/engine/build/output-spec.ts';

const parsed = (text: string): OutputSpec => {
  const output = parseOutput(text);
  checkOutputs({ outputs: [output], tags: ['docker.io/library/x:1'], platforms: [], attest: {}, sourceDateEpoch: undefined });
  return output;
};

const refusal = (text: string): string => {
  try {
    parsed(text);
  } catch (error) {
    return (error as Error).message;
  }
  return 'taken';
};

test('what there is of attributes is taken', () => {
  expect(refusal('type=oci,dest=a.tar,tar=true,compression=zstd,compression-level=19,force-compression=true')).toBe('taken');
  expect(refusal('type=image,"name=a,b",push=true,push-by-digest=true,store=false,annotation-manifest[linux/amd64].org.title=X=Y')).toBe(
    'taken',
  );
  expect(refusal('type=local,dest=out,platform-split=false')).toBe('taken');
});

test('where an output goes: archives without a place to standard output, docker without one to the store', () => {
  expect(placeOf(parsed('type=oci'))).toBe('-');
  expect(placeOf(parsed('type=tar'))).toBe('-');
  expect(placeOf(parsed('type=docker'))).toBeUndefined();
  expect(placeOf(parsed('type=registry'))).toBeUndefined();
});

test.each([
  ['type=oci,tar=false', 'Invalid output: dest cannot be stdout for oci output with tar=false'],
  ['type=docker,dest=x,tar=false', 'Invalid output: tar=false is for outputs of the type "oci": a folder is an OCI image layout'],
  ['type=tar,name=x', 'Invalid output: "name" is no attribute of an output of the type "tar"'],
  ['type=image,push=maybe', 'Invalid output: non-bool value "maybe" for push'],
  ['type=oci,compression=lzma', 'Invalid output: unsupported layer compression type: lzma'],
  ['type=oci,compression=gzip,compression-level=10', 'Invalid output: invalid compression level "10"'],
  ['type=oci,compression=zstd,oci-mediatypes=false', "Invalid output: compression=zstd needs OCI's media types: Docker's know no zstd"],
  [
    'type=image,oci-artifact=true',
    'Invalid output: the attribute "oci-artifact" of outputs is not supported: attestations are written as image manifests, which every registry takes',
  ],
  ['type=image,unpack=false', 'Invalid output: unpack=false is not supported: layers are kept unpacked'],
  ['type=oci,rewrite-timestamp=true', 'Invalid output: rewrite-timestamp is specified, but no source-date-epoch was found'],
])('%s is refused', (text, message) => {
  expect(refusal(text)).toBe(message);
});
