import { encodeFrame, FRAME, FrameReader } from '../../../src/runtime/messages.ts';

const text = (payload: Uint8Array): string => Buffer.from(payload).toString();

test('frames come back whole however the stream is cut', () => {
  const sent = [
    { kind: FRAME.stdout, payload: 'hello' },
    { kind: FRAME.stderr, payload: '' },
    { kind: FRAME.exit, payload: '{"code":3}' },
  ];
  const bytes = Buffer.concat(sent.map(({ kind, payload }) => encodeFrame(kind, Buffer.from(payload))));
  for (const step of [1, 2, 3, 5, 7, bytes.length]) {
    const reader = new FrameReader();
    const got: { kind: number; payload: string }[] = [];
    for (let offset = 0; offset < bytes.length; offset += step) {
      for (const { kind, payload } of reader.push(bytes.subarray(offset, offset + step))) got.push({ kind, payload: text(payload) });
    }
    expect(got).toEqual(sent);
  }
});

test('a payload is a copy, so that the socket may reuse its buffer', () => {
  const bytes = Buffer.from(encodeFrame(FRAME.stdin, Buffer.from('abc')));
  const [frame] = new FrameReader().push(bytes);
  bytes.fill(0);
  expect(text(frame?.payload ?? new Uint8Array())).toBe('abc');
});
