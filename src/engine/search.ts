// `search`: what TERM names (a registry before the first slash, else Docker Hub), and Docker's filters, which are applied here.
import { searchRegistry } from '../oci/search.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { booleanFilter, invalidFilter, parseFilters } from './filter.ts';
import { keepLoopbackDirect } from './loopback-direct.ts';

export interface SearchImagesOptions {
  /** `nginx`, `ghcr.io/team`, `localhost:5000/`. */
  term: string;
  limit: number;
  /** `name=value`. */
  filters: readonly string[];
  tlsVerify?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

export interface FoundImage {
  name: string;
  description: string;
  stars: number;
  isOfficial: boolean;
}

const KNOWN = ['is-official', 'is-automated', 'stars'];
const MOST = 100;

/** The most starred first, as Docker shows them. Throws ERR_USAGE, ERR_BAD_FILTER and what the registry client throws. */
export async function searchImages(ctx: Ctx, options: SearchImagesOptions): Promise<FoundImage[]> {
  const { limit, tlsVerify, signal } = options;
  if (limit < 1 || limit > MOST) throw usage(`limit ${limit} is outside the range of [1, ${MOST}]`);
  const filters = parseFilters(options.filters, KNOWN);
  const isOfficial = booleanFilter(filters, 'is-official');
  // Nothing is automated any more.
  const isAutomated = booleanFilter(filters, 'is-automated');
  const stars = Math.max(0, ...(filters.get('stars') ?? []).map(starsOf));
  const { registry, term } = splitTerm(options.term);
  keepLoopbackDirect(process.env);
  const found = await searchRegistry({ env: ctx.env, registry, term, limit, tlsVerify, signal });
  return found
    .filter((image) => (isOfficial === undefined || image.isOfficial === isOfficial) && isAutomated !== true && image.stars >= stars)
    .sort((left, right) => right.stars - left.stars);
}

function starsOf(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw invalidFilter(`stars=${text}`, 'Give the least number of stars: stars=100');
}

function splitTerm(text: string): { registry: string; term: string } {
  if (text.includes('://')) throw usage(`invalid repository name: "${text}" must not have a scheme`);
  const slash = text.indexOf('/');
  const first = slash === -1 ? '' : text.slice(0, slash);
  const isRegistry = /[.:]/.test(first) || first === 'localhost';
  if (isRegistry && !/^(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::\d+)?$/.test(first)) throw usage(`invalid repository name: "${text}"`);
  const isDockerHub = !isRegistry || /^(?:index\.)?docker\.io$/.test(first);
  const term = isRegistry ? text.slice(slash + 1) : text;
  if (isDockerHub && term === '') throw usage('Give a word to search for');
  // What is official has no folder there.
  return { registry: isDockerHub ? 'docker.io' : first, term: isDockerHub ? term.replace(/^library\//, '') : term };
}

const usage = (message: string): EngineError => new EngineError('ERR_USAGE', message);
