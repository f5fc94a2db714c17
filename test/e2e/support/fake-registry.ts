// A registry in memory (OCI distribution-spec, pulling only) for what a good registry never does: a test may answer any request
// itself, to cut a blob short, to ask for a token, to fail three times. Every request is kept, so that a test can say what was
// fetched and how often.
import { digestOf, type Image } from './images/layout.ts';

export interface SeenRequest {
  method: string;
  path: string;
  headers: Headers;
}

export interface FakeRegistry {
  /** `127.0.0.1:PORT`. */
  address: string;
  requests: SeenRequest[];
  /** How many GET requests named a path that contains `part`. */
  fetched: (part: string) => number;
  stop: () => void;
}

export interface FakeRegistryOptions {
  port?: number;
  /** Answers a request in the registry's stead, or returns undefined. `honest` gives the answer it would get. */
  answer?: (request: SeenRequest, honest: () => Response) => Response | Promise<Response> | undefined;
}

/** Serves `images` (repository name → image, tagged `latest`) until `stop`. */
export function startFakeRegistry(images: Record<string, Image>, options: FakeRegistryOptions = {}): FakeRegistry {
  const requests: SeenRequest[] = [];
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: options.port ?? 0,
    idleTimeout: 60,
    fetch: (request) => {
      const seen = { method: request.method, path: new URL(request.url).pathname, headers: request.headers };
      requests.push(seen);
      const honest = () => answerHonestly(images, seen);
      return options.answer?.(seen, honest) ?? honest();
    },
  });
  return {
    address: `127.0.0.1:${server.port}`,
    requests,
    fetched: (part) => requests.filter((request) => request.method === 'GET' && request.path.includes(part)).length,
    stop: () => void server.stop(true),
  };
}

function answerHonestly(images: Record<string, Image>, request: SeenRequest): Response {
  if (request.path === '/v2/') return Response.json({});
  const match = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(request.path);
  const image = images[match?.[1] ?? ''];
  if (!match || !image) return failure(404, 'NAME_UNKNOWN');
  const digest = match[3] === 'latest' ? image.manifest.digest : (match[3] ?? '');
  const blob = image.blobs.get(digest);
  if (!blob) return failure(404, match[2] === 'blobs' ? 'BLOB_UNKNOWN' : 'MANIFEST_UNKNOWN');
  return bytesResponse(blob, match[2] === 'blobs' ? 'application/octet-stream' : mediaTypeOf(blob), request);
}

function bytesResponse(blob: Uint8Array, type: string, request: SeenRequest): Response {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.get('range') ?? '')?.[1] ?? 0);
  const headers: Record<string, string> = { 'content-type': type, 'docker-content-digest': digestOf(blob), 'accept-ranges': 'bytes' };
  if (from > 0) headers['content-range'] = `bytes ${from}-${blob.length - 1}/${blob.length}`;
  const body = Buffer.from(blob.subarray(from));
  if (request.method === 'HEAD') return new Response(null, { headers: { ...headers, 'content-length': String(body.length) } });
  return new Response(body, { status: from > 0 ? 206 : 200, headers });
}

const mediaTypeOf = (manifest: Uint8Array): string => String(JSON.parse(Buffer.from(manifest).toString()).mediaType);

/** An error body as the distribution-spec has it. */
export function failure(status: number, code: string, headers: Record<string, string> = {}): Response {
  return Response.json({ errors: [{ code, message: code.toLowerCase().replaceAll('_', ' ') }] }, { status, headers });
}
