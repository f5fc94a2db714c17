import { createMask } from '../../../../../src/engine/build/run/mask-secrets.ts';

function masked(values: string[], chunks: string[]): string[] {
  const out: string[] = [];
  const mask = createMask(
    values.map((value) => Buffer.from(value)),
    (data) => out.push(Buffer.from(data).toString()),
  );
  for (const chunk of chunks) mask.write(Buffer.from(chunk));
  mask.end();
  return out;
}

describe('createMask', () => {
  it('passes on what holds no secret, as it comes', () => {
    expect(masked(['s3cret'], ['one\n', 'two\n'])).toEqual(['one\n', 'two\n']);
    expect(masked([], ['s3cret\n'])).toEqual(['s3cret\n']);
  });

  it('replaces each occurrence', () => {
    expect(masked(['s3cret'], ['a s3cret and s3crets3cret\n']).join('')).toBe('a *** and ******\n');
  });

  it('finds a value that comes in pieces', () => {
    expect(masked(['s3cret'], ['a s3', 'cr', 'et b']).join('')).toBe('a *** b');
  });

  it('holds back only what may be the beginning of one, and gives it out at the end', () => {
    expect(masked(['s3cret'], ['prompt> ', 'is s3c'])).toEqual(['prompt> ', 'is ', 's3c']);
  });

  it('leaves out the newline that a file ends with', () => {
    expect(masked(['token\n'], ['token=token;']).join('')).toBe('***=***;');
  });

  it('hides each line of a key, not the lines that name its kind', () => {
    const key = '-----BEGIN KEY-----\nMIIEvQIBADANBg\nab\n-----END KEY-----\n';
    expect(masked([key], ['-----BEGIN KEY-----\n> MIIEvQIBADANBg <\nab\n']).join('')).toBe('-----BEGIN KEY-----\n> *** <\nab\n');
  });

  it('hides the longer of two values that begin alike', () => {
    expect(masked(['abcd', 'abcdefgh'], ['abcdefgh abcd']).join('')).toBe('*** ***');
    expect(masked(['abcd', 'abcdefgh'], ['abcdef']).join('')).toBe('***ef');
  });

  it('leaves values of a few bytes alone', () => {
    expect(masked(['abc', ''], ['abc'])).toEqual(['abc']);
  });
});
