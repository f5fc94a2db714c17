// Images of a registry by a word in their names: the search of the old API where it is served (Docker Hub, quay.io), else the catalogue of
// the distribution-spec, filtered here. Descriptions come from strangers and end up on a terminal: control characters are taken out.
import * as z from 'zod/mini';
import { EngineError } from '../sys/errors.ts';
import type { Answer } from './http/answer.ts';
import type { TransportOptions } from './http/transport.ts';
import { bareType } from './media-types.ts';
import { nextPage } from './registry-answer.ts';
import { createClient, type RegistryClient } from './registry-client.ts';
import { registryEndpoints } from './registry-config.ts';
import { otherRefusal, webPage } from './registry-error.ts';

export interface SearchResult {
  name: string;
  description: string;
  stars: number;
  isOfficial: boolean;
}

export interface SearchOptions {
  env: Readonly<Record<string, string | undefined>>;
  /** `docker.io`, `localhost:5000`. */
  registry: string;
  term: string;
  limit: number;
  tlsVerify?: boolean | undefined;
  signal?: AbortSignal | undefined;
  transport?: Pick<TransportOptions, 'pause' | 'random' | 'stallMs'>;
}

const DOCKER_HUB_SEARCH = 'index.docker.io';
const LARGEST_ANSWER = 8 << 20;
const MOST_PAGES = 1000;
const PAGE = 1000;

const searchSchema = z.looseObject({
  results: z.nullable(
    z.array(
      z.looseObject({
        name: z.string(),
        description: z.optional(z.nullable(z.string())),
        star_count: z.optional(z.nullable(z.number())),
        is_official: z.optional(z.nullable(z.boolean())),
      }),
    ),
  ),
});
const catalogSchema = z.looseObject({ repositories: z.nullable(z.array(z.string())) });

/** At most `limit` images. Throws ERR_AUTH, ERR_NO_REGISTRY, ERR_REGISTRY, ERR_REGISTRY_BLOCKED and what networks bring. */
export async function searchRegistry(options: SearchOptions): Promise<SearchResult[]> {
  const { env, registry, term, limit, signal, transport, tlsVerify } = options;
  const place = (await registryEndpoints(env, { registry, repository: '', digest: undefined }, { tlsVerify })).at(-1);
  if (!place) throw new Error('no server');
  const isDockerHub = place.registry === 'docker.io';
  const endpoint = isDockerHub ? { ...place, host: DOCKER_HUB_SEARCH } : place;
  const client = createClient({
    env,
    endpoint,
    signal,
    scopes: isDockerHub ? undefined : ['registry:catalog:*'],
    ...(transport ? { transport } : {}),
  });
  const found = await oldSearch(client, term, limit);
  const results = found ?? (await searchCatalog(client, { term, limit }));
  const prefix = registry === 'docker.io' ? '' : `${registry}/`;
  return results
    .slice(0, limit)
    .map((result) => ({ ...result, name: `${prefix}${clean(result.name)}`, description: clean(result.description) }));
}

/** Undefined where there is no such search. */
async function oldSearch(client: RegistryClient, term: string, limit: number): Promise<SearchResult[] | undefined> {
  const answer = await client.ask({ url: `/v1/search?${new URLSearchParams({ q: term, n: String(limit) })}` });
  const { status } = answer;
  const isPage = bareType(answer.headers.get('content-type')) === 'text/html';
  const isHub = client.endpoint.host === DOCKER_HUB_SEARCH;
  if (status === 200 && !isPage) {
    const value = await jsonOf(answer);
    const { success, data } = z.safeParse(searchSchema, value);
    if (success) {
      return (data.results ?? []).map(({ name, description, star_count, is_official }) => ({
        name,
        description: description ?? '',
        stars: star_count ?? 0,
        isOfficial: is_official ?? false,
      }));
    }
    if (isHub) throw notUnderstood(client);
    return undefined;
  }
  if (isHub || status === 429 || status >= 500) throw await refused(client, answer);
  answer.cancel();
  return undefined;
}

async function searchCatalog(client: RegistryClient, { term, limit }: { term: string; limit: number }): Promise<SearchResult[]> {
  const found: SearchResult[] = [];
  let path: string | undefined = `/v2/_catalog?n=${PAGE}`;
  for (let page = 0; path !== undefined && page < MOST_PAGES && found.length < limit; page++) {
    const answer: Answer = await client.ask({ url: path });
    if (answer.status !== 200) throw await refused(client, answer);
    const { success, data } = z.safeParse(catalogSchema, await jsonOf(answer));
    if (!success) throw notUnderstood(client);
    const names = (data.repositories ?? []).filter((name) => name.includes(term));
    found.push(...names.map((name) => ({ name, description: '', stars: 0, isOfficial: false })));
    path = nextPage(answer);
  }
  return found;
}

async function jsonOf(answer: Answer): Promise<unknown> {
  const bytes = await answer.bytes(LARGEST_ANSWER);
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}

const clean = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').trim();

async function refused({ endpoint: { host } }: RegistryClient, answer: Answer): Promise<EngineError> {
  const body = await answer.bytes(64 << 10).catch(() => new Uint8Array(0));
  if (answer.status === 401 || answer.status === 403) {
    return new EngineError('ERR_AUTH', `Cannot search ${host}: unauthorized: authentication required`, {
      hint: `Log in: skiff login ${host === DOCKER_HUB_SEARCH ? '' : host}`.trim(),
    });
  }
  if (answer.status === 404) {
    return new EngineError('ERR_NO_SEARCH', `Cannot search ${host}: it serves neither a search nor a catalogue`, {
      hint: 'Look the image up on its web page',
    });
  }
  return otherRefusal(
    { status: answer.status, body, contentType: bareType(answer.headers.get('content-type')), host },
    `Cannot search ${host}`,
  );
}

function notUnderstood({ endpoint: { host } }: RegistryClient): EngineError {
  return webPage(host);
}
