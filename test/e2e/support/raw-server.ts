// An HTTP server that may lie about lengths and fall silent, which no honest server library does: each answer is written byte by byte.
import { createServer } from 'node:net';

export interface RawRequest {
  method: string;
  path: string;
  /** Names in lower case. */
  headers: Record<string, string>;
}

export interface RawAnswer {
  status?: number;
  headers?: Record<string, string>;
  body?: Uint8Array;
  /** Said in Content-Length whatever the body is. */
  length?: number;
  /** The connection stays open after the body, and nothing more comes. */
  hangs?: boolean;
}

export interface RawServer {
  address: string;
  requests: RawRequest[];
  stop: () => void;
}

/** Answers with what `answer` says; undefined: nothing at all is sent. */
export async function startRawServer(answer: (request: RawRequest) => RawAnswer | undefined): Promise<RawServer> {
  const requests: RawRequest[] = [];
  const sockets = new Set<{ destroy: () => void }>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      text += String(chunk);
      if (!text.includes('\r\n\r\n')) return;
      const request = parse(text);
      text = '';
      requests.push(request);
      const said = answer(request);
      if (!said) return;
      const body = said.body ?? new Uint8Array(0);
      const headers = { connection: 'close', 'content-length': String(said.length ?? body.length), ...said.headers };
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`HTTP/1.1 ${said.status ?? 200} Whatever\r\n${lines.join('')}\r\n`);
      if (request.method !== 'HEAD') socket.write(body);
      if (!said.hangs) socket.end();
    });
  });
  const { promise, resolve } = Promise.withResolvers<number>();
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    resolve(typeof address === 'object' && address ? address.port : 0);
  });
  return {
    address: `127.0.0.1:${await promise}`,
    requests,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function parse(text: string): RawRequest {
  const [first = '', ...lines] = text.split('\r\n');
  const [method = '', path = ''] = first.split(' ');
  const headers = lines
    .filter(Boolean)
    .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]);
  return { method, path, headers: Object.fromEntries(headers) };
}
