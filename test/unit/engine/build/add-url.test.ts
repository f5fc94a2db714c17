import { type CopyBench, copyBench } from './copy-fixture.ts';

let bench: CopyBench;
beforeEach(() => {
  bench = copyBench();
});
afterEach(() => {
  jest.restoreAllMocks();
  bench.remove();
});

it('a download may take longer than a server may wait before it answers', async () => {
  const server = Bun.serve({
    port: 0,
    fetch: () =>
      new Response(
        new ReadableStream({
          async start(controller) {
            for (const part of ['one ', 'two ', 'three']) {
              controller.enqueue(Buffer.from(part));
              await Bun.sleep(100);
            }
            controller.close();
          },
        }),
      ),
  });
  // Whatever limits the answer by itself is short here.
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => timeout(50));
  try {
    expect(await bench.copy({ isAdd: true, sources: [`http://localhost:${server.port}/file`], dest: '/' })).toEqual({
      file: 'one two three',
    });
  } finally {
    await server.stop(true);
  }
});
