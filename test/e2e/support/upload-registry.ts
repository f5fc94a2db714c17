// A registry in memory that takes uploads (OCI distribution-spec, pushing) and, where a test asks for it, does so badly: it drops the connection
// in the middle of a body and keeps what came, forgets an upload, refuses, asks to wait. Every request is kept.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { digestOf } from './images/layout.ts';

export interface UploadRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
}

/** What a test has the registry do with a request: drop the connection, or say nothing more, once so many bytes of the body came; or answer so. */
export type Fault = { cutAfter: number } | { hangAfter: number } | { status: number; headers?: Record<string, string>; body?: string };

export interface UploadRegistry {
  address: string;
  requests: UploadRequest[];
  /** `repository@digest` and `repository:tag` → bytes. */
  content: Map<string, Buffer>;
  /** `METHOD kind` of each request, in order: blob, upload, manifest, token, other. */
  steps: () => string[];
  stop: () => void;
}

interface Upload {
  repository: string;
  bytes: Buffer;
}

/** `fault` is asked for every request; it may answer differently each time. */
export async function startUploadRegistry(fault: (request: UploadRequest) => Fault | undefined = () => undefined): Promise<UploadRegistry> {
  const requests: UploadRequest[] = [];
  const content = new Map<string, Buffer>();
  const uploads = new Map<string, Upload>();
  const server = createServer((request, response) => void serve(request, response).catch(() => response.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    requests,
    content,
    steps: () => requests.map(({ method, path }) => `${method} ${kindOf(path)}`),
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Once the body was read, the request does not know its socket any more.
    const { socket } = request;
    const url = new URL(request.url ?? '/', 'http://registry');
    const seen = { method: request.method ?? '', path: url.pathname, query: url.searchParams, headers: request.headers };
    requests.push(seen);
    const wrong = fault(seen);
    if (wrong && 'status' in wrong) {
      for await (const _ of request);
      response.writeHead(wrong.status, wrong.headers).end(wrong.body ?? '');
      return;
    }
    const upload = uploads.get(/\/blobs\/uploads\/([^/]+)$/.exec(seen.path)?.[1] ?? '');
    const body = await read(request, {
      limit: wrong && ('cutAfter' in wrong ? wrong.cutAfter : wrong.hangAfter),
      keep: (chunk) => {
        if (upload) upload.bytes = Buffer.concat([upload.bytes, chunk]);
      },
    });
    if (body === undefined && wrong && 'hangAfter' in wrong) return;
    if (body === undefined) socket.destroy();
    else answer(seen, body, response);
  }

  function answer(seen: UploadRequest, body: Buffer, response: ServerResponse): void {
    const [, repository = '', kind = '', rest = ''] = /^\/v2\/(.+?)\/(blobs|manifests)\/(.+)?$/.exec(seen.path) ?? [];
    if (seen.path === '/v2/') response.writeHead(200).end('{}');
    else if (kind === 'manifests' && seen.method === 'PUT')
      store(`${repository}${rest.includes(':') ? '@' : ':'}${rest}`, body, repository, response);
    else if (rest.startsWith('uploads/')) onUpload(seen, repository, rest.slice('uploads/'.length), response);
    else {
      const found = content.get(`${repository}${rest.includes(':') ? '@' : ':'}${rest}`);
      const type = found && kind === 'manifests' ? String(JSON.parse(found.toString()).mediaType) : 'application/octet-stream';
      const headers = found ? { 'docker-content-digest': digestOf(found), 'content-type': type } : {};
      response.writeHead(found ? 200 : 404, headers).end(seen.method === 'HEAD' ? '' : found);
    }
  }

  function onUpload(seen: UploadRequest, repository: string, id: string, response: ServerResponse): void {
    if (seen.method === 'POST') {
      begin(seen, repository, response);
      return;
    }
    const upload = uploads.get(id);
    if (!upload) {
      response.writeHead(404).end();
      return;
    }
    const place = { location: `/v2/${repository}/blobs/uploads/${id}?state=a%2Fb`, range: `0-${Math.max(upload.bytes.length - 1, 0)}` };
    if (seen.method !== 'PUT') {
      response.writeHead(seen.method === 'GET' ? 204 : 202, place).end();
      return;
    }
    const digest = seen.query.get('digest') ?? '';
    uploads.delete(id);
    if (digestOf(upload.bytes) === digest) store(`${repository}@${digest}`, upload.bytes, repository, response);
    else response.writeHead(400).end(JSON.stringify({ errors: [{ code: 'DIGEST_INVALID', message: 'no match' }] }));
  }

  function begin(seen: UploadRequest, repository: string, response: ServerResponse): void {
    const { query } = seen;
    const mounted = content.get(`${query.get('from')}@${query.get('mount')}`);
    if (mounted) {
      store(`${repository}@${digestOf(mounted)}`, mounted, repository, response);
      return;
    }
    const id = `upload-${uploads.size}-${requests.length}`;
    uploads.set(id, { repository, bytes: Buffer.alloc(0) });
    response.writeHead(202, { location: `/v2/${repository}/blobs/uploads/${id}?state=a%2Fb` }).end();
  }

  function store(name: string, bytes: Buffer, repository: string, response: ServerResponse): void {
    content.set(name, bytes);
    content.set(`${repository}@${digestOf(bytes)}`, bytes);
    response.writeHead(201, { 'docker-content-digest': digestOf(bytes) }).end();
  }
}

/** The body; undefined once more than `limit` bytes of it came. */
async function read(
  request: IncomingMessage,
  { limit, keep }: { limit: number | undefined; keep: (chunk: Buffer) => void },
): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let left = limit ?? Number.POSITIVE_INFINITY;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    const part = chunk.subarray(0, left);
    keep(part);
    parts.push(part);
    left -= part.length;
    if (left <= 0) return undefined;
  }
  return limit === undefined ? Buffer.concat(parts) : undefined;
}

function kindOf(path: string): string {
  if (/\/blobs\/uploads\//.test(path)) return 'upload';
  if (/\/blobs\//.test(path)) return 'blob';
  return /\/manifests\//.test(path) ? 'manifest' : path === '/token' ? 'token' : 'other';
}
