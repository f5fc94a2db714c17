import { parseOutput, placeOf } from '../../../../src/engine/build/output-spec.ts';

const refusal = (text: string): string => {
  try {
    parseOutput(text);
  } catch (error) {
    return (error as Error).message;
  }
  return 'taken';
};

test('a bare word is a folder, a bare dash an archive on standard output', () => {
  expect(parseOutput('out/dir')).toEqual({ type: 'local', attributes: { dest: 'out/dir' } });
  expect(parseOutput('-')).toEqual({ type: 'tar', attributes: { dest: '-' } });
});

test('fields come in any order, keys in any case, and a quoted field holds commas', () => {
  expect(parseOutput('DEST=a.tar,type=oci,Compression=zstd,compression-level=19')).toEqual({
    type: 'oci',
    attributes: { dest: 'a.tar', compression: 'zstd', 'compression-level': '19' },
  });
  expect(parseOutput('type=image,"name=a,b",push=true').attributes).toEqual({ name: 'a,b', push: 'true' });
  expect(parseOutput('type=image,annotation-manifest[linux/amd64].org.Title=X=Y').attributes).toEqual({
    'annotation-manifest[linux/amd64].org.Title': 'X=Y',
  });
});

test('where an output goes: archives without a place to standard output, docker without one to the store', () => {
  expect(placeOf(parseOutput('type=oci'))).toBe('-');
  expect(placeOf(parseOutput('type=tar'))).toBe('-');
  expect(placeOf(parseOutput('type=docker'))).toBeUndefined();
  expect(placeOf(parseOutput('type=registry'))).toBeUndefined();
});

test.each([
  ['dest=x', 'Invalid output: type is required for output'],
  ['type=floppy', 'Invalid output: "floppy" is no type of output'],
  ['type=local,oops', 'Invalid output: invalid value oops: every field of "type=local,oops" is KEY=VALUE'],
  ['type=local', 'Invalid output: dest is required for local output'],
  ['type=local,dest=', 'Invalid output: dest is required for local output'],
  ['type=local,dest=-', 'Invalid output: dest cannot be stdout for local output'],
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
  [
    'type=local,"dest=x',
    'Invalid output: "type=local,"dest=x" cannot be read: parse error on line 1, column 19: extraneous or missing " in quoted-field',
  ],
])('%s is refused', (text, message) => {
  expect(refusal(text)).toBe(message);
});
