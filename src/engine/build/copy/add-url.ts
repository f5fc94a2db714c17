// `ADD https://…`: downloaded once, and again only when the server says that it changed (If-None-Match, If-Modified-Since); with --checksum
// nothing is asked while what is here has it. Kept in `build-cache/urls/`: the file under its digest, and a note by the URL.
// If we die here: the file has its name only once it is whole and on the disk, the note comes after it.
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { networkFailure } from '../../../oci/http/failure.ts';
import { cacheUrlsDir } from '../../../storage/layout.ts';
import { readJson, writeAll, writeJsonAtomic } from '../../../sys/atomic.ts';
import { EngineError, errnoOf, messageOf } from '../../../sys/errors.ts';
import { statAt } from '../../../sys/read-at.ts';
import { withoutSecret } from '../../jobs/download.ts';
import { makeTemporary } from '../context/temporary.ts';
import { noteSource } from '../noted-sources.ts';
import { explainMoved, noteSourcePin, requiredSourcePin } from '../source-pins.ts';
import type { Instant } from './dest-tree.ts';
import type { TreeSource } from './place-source.ts';
import type { CopySite } from './site.ts';

interface UrlNote {
  version: 1;
  /** Hex of sha256; the name of the file. */
  sha256: string;
  size: number;
  etag?: string;
  lastModified?: string;
}

const STALL_MS = 60_000;
const HOUR_MS = 3_600_000;
const UNUSED_MS = 14 * 24 * HOUR_MS;
const FILE_MODE = 0o600;

const urlsDir = ({ ctx }: CopySite): string => cacheUrlsDir(ctx);
const notePath = (site: CopySite, url: string): string =>
  join(urlsDir(site), `${new Bun.CryptoHasher('sha256').update(url).digest('hex')}.json`);
const dataPath = (site: CopySite, sha256: string): string => join(urlsDir(site), `data-${sha256}`);

/** The file as a source, named as the URL's path ends. Throws ERR_DOWNLOAD, ERR_CHECKSUM. */
export async function urlSource(
  site: CopySite,
  url: string,
  { checksum, id, asksForFolder }: { checksum: string | undefined; id: string; asksForFolder: boolean },
): Promise<TreeSource> {
  const base = nameOf(url);
  if (base === undefined && asksForFolder) {
    throw new EngineError('ERR_DOWNLOAD', `cannot determine filename for source ${withoutSecret(url)}`, {
      hint: 'Its path has no last name: give the destination one, without a slash at the end',
    });
  }
  const note = await pinned(site, url, { checksum, id });
  noteSource(site, { kind: 'http', name: withoutSecret(url), digest: `sha256:${note.sha256}` });
  const folder = { fd: openSync(urlsDir(site), 'r'), path: '', isLive: false, isFuse: false };
  const name = `data-${note.sha256}`;
  const stat = statAt(folder.fd, name);
  if (!stat) throw failed(url, 'it was removed meanwhile');
  const place = { path: base ?? '__unnamed__', found: { folder, name, stat, stack: [] }, verdict: undefined };
  const entries = [{ path: '', place, link: '', isPassing: false }];
  return {
    kind: 'tree',
    base: base ?? '__unnamed__',
    entries,
    isRoots: true,
    owners: undefined,
    fileMode: FILE_MODE,
    fileTime: timeOf(note),
  };
}

/** What a lock file says counts as a checksum, where there is none in the Dockerfile. */
async function pinned(site: CopySite, url: string, { checksum, id }: { checksum: string | undefined; id: string }): Promise<UrlNote> {
  const pin = await requiredSourcePin(site, 'urls', url);
  try {
    const note = await fetched(site, url, { checksum: checksum ?? pin, id });
    const digest = `sha256:${note.sha256}`;
    if (pin !== undefined && pin !== digest) throw mismatch(url, pin, digest);
    noteUse(dataPath(site, note.sha256));
    await noteSourcePin(site, 'urls', { written: url, pin: digest });
    return note;
  } catch (error) {
    throw checksum === undefined ? explainMoved(error, { written: url, pin }) : error;
  }
}

/** Its time is that of its last use. */
function noteUse(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

function nameOf(url: string): string | undefined {
  const path = URL.parse(url)?.pathname.replace(/\/+$/, '') ?? '';
  const last = path.slice(path.lastIndexOf('/') + 1);
  if (last === '') return undefined;
  try {
    return Buffer.from(decodeURIComponent(last)).toString('latin1').replaceAll('/', '_');
  } catch {
    return last;
  }
}

function timeOf({ lastModified }: UrlNote): Instant {
  const ms = lastModified === undefined ? Number.NaN : Date.parse(lastModified);
  return { seconds: Number.isNaN(ms) ? 0 : Math.floor(ms / 1000), nanoseconds: 0 };
}

async function fetched(site: CopySite, url: string, { checksum, id }: { checksum: string | undefined; id: string }): Promise<UrlNote> {
  const known = readNote(site, url);
  if (known && checksum === `sha256:${known.sha256}`) return known;
  const headers: Record<string, string> = { 'user-agent': 'skiff' };
  if (known?.etag) headers['if-none-match'] = known.etag;
  else if (known?.lastModified) headers['if-modified-since'] = known.lastModified;
  const answer = await ask(site, url, headers);
  if (answer.status === 304 && known) {
    await answer.body?.cancel();
    await checkSum(site, url, { note: known, checksum });
    return known;
  }
  if (!answer.ok || !answer.body) throw failed(url, `invalid response status ${answer.status}`);
  return store(site, url, { answer, checksum, id });
}

async function ask({ signal }: CopySite, url: string, headers: Record<string, string>): Promise<Response> {
  // For the answer to begin: its body may take longer, as long as it does not stall.
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(new DOMException('The operation timed out.', 'TimeoutError')), STALL_MS);
  try {
    return await fetch(url, { signal: AbortSignal.any([signal, waiting.signal]), headers });
  } catch (error) {
    signal.throwIfAborted();
    throw failed(url, networkFailure(error, url).message);
  } finally {
    clearTimeout(timer);
  }
}

async function store(
  site: CopySite,
  url: string,
  { answer, checksum, id }: { answer: Response; checksum: string | undefined; id: string },
): Promise<UrlNote> {
  const temporary = makeTemporary(site.ctx);
  const path = join(temporary.path, 'data');
  const fd = openSync(path, 'wx', 0o600);
  try {
    const hasher = new Bun.CryptoHasher('sha256');
    const wanted = otherHasher(checksum);
    const total = Number(answer.headers.get('content-length')) || undefined;
    let size = 0;
    for await (const chunk of chunksOf(site, url, answer)) {
      writeAll(fd, chunk);
      hasher.update(chunk);
      wanted?.hasher.update(chunk);
      size += chunk.length;
      site.tell({ type: 'progress', id, label: `downloading ${withoutSecret(url)}`, current: size, total });
    }
    const sha256 = hasher.digest('hex');
    const got = wanted ? `${wanted.name}:${wanted.hasher.digest('hex')}` : `sha256:${sha256}`;
    if (checksum !== undefined && got !== checksum) throw mismatch(url, checksum, got);
    fsyncSync(fd);
    mkdirSync(urlsDir(site), { recursive: true, mode: 0o700 });
    renameSync(path, dataPath(site, sha256));
    const [etag, lastModified] = [answer.headers.get('etag'), answer.headers.get('last-modified')];
    const note: UrlNote = { version: 1, sha256, size, ...(etag ? { etag } : {}), ...(lastModified ? { lastModified } : {}) };
    writeJsonAtomic(notePath(site, url), note);
    forgetUnused(site);
    return note;
  } finally {
    closeSync(fd);
    temporary.remove();
  }
}

async function* chunksOf({ signal }: CopySite, url: string, { body }: Response): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const stalled = Promise.withResolvers<never>();
      const timer = setTimeout(() => stalled.reject(failed(url, 'it stalled')), STALL_MS);
      try {
        const { done, value } = await Promise.race([reader.read(), stalled.promise]);
        if (done) return;
        yield value;
      } catch (error) {
        signal.throwIfAborted();
        throw error instanceof EngineError ? error : failed(url, messageOf(error));
      } finally {
        clearTimeout(timer);
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function checkSum(site: CopySite, url: string, { note, checksum }: { note: UrlNote; checksum: string | undefined }): Promise<void> {
  if (checksum === undefined || checksum === `sha256:${note.sha256}`) return;
  const wanted = otherHasher(checksum);
  if (!wanted) throw mismatch(url, checksum, `sha256:${note.sha256}`);
  for await (const chunk of Bun.file(dataPath(site, note.sha256)).stream()) wanted.hasher.update(chunk);
  const got = `${wanted.name}:${wanted.hasher.digest('hex')}`;
  if (got !== checksum) throw mismatch(url, checksum, got);
}

/** For a checksum that is no sha256. */
function otherHasher(checksum: string | undefined): { name: string; hasher: Bun.CryptoHasher } | undefined {
  if (checksum?.startsWith('sha512:')) return { name: 'sha512', hasher: new Bun.CryptoHasher('sha512') };
  return checksum?.startsWith('sha384:') ? { name: 'sha384', hasher: new Bun.CryptoHasher('sha384') } : undefined;
}

/** Downloads that no build asked for in two weeks, and files that no note speaks of. */
function forgetUnused(site: CopySite): void {
  const now = site.ctx.now().getTime();
  const names = readdirSync(urlsDir(site));
  const ageOf = (name: string): number => now - (statSync(join(urlsDir(site), name), { throwIfNoEntry: false })?.mtimeMs ?? now);
  const kept = new Set<string>();
  for (const name of names.filter((found) => found.endsWith('.json'))) {
    const note = readJson(join(urlsDir(site), name));
    if (isNote(note) && ageOf(name) < UNUSED_MS) kept.add(`data-${note.sha256}`);
    else rmSync(join(urlsDir(site), name), { force: true });
  }
  // Its note may be about to be written.
  for (const name of names)
    if (name.startsWith('data-') && !kept.has(name) && ageOf(name) > HOUR_MS) rmSync(join(urlsDir(site), name), { force: true });
}

function readNote(site: CopySite, url: string): UrlNote | undefined {
  const note = readJson(notePath(site, url));
  if (!isNote(note)) return undefined;
  if (statSync(dataPath(site, note.sha256), { throwIfNoEntry: false })?.size === note.size) {
    const now = site.ctx.now();
    utimesSync(notePath(site, url), now, now);
    return note;
  }
  rmSync(notePath(site, url), { force: true });
  return undefined;
}

function isNote(value: unknown): value is UrlNote {
  const note = value as UrlNote | undefined;
  return note?.version === 1 && /^[0-9a-f]{64}$/.test(note.sha256) && typeof note.size === 'number';
}

const failed = (url: string, why: string): EngineError =>
  new EngineError('ERR_DOWNLOAD', `failed to load ${withoutSecret(url)}: ${why}`, { hint: 'Check the URL and the network' });

const mismatch = (url: string, checksum: string, got: string): EngineError =>
  new EngineError('ERR_CHECKSUM', `digest mismatch ${got}: ${checksum}: what ${withoutSecret(url)} serves is not what --checksum says`, {
    hint: 'Find out why it changed before you write the new digest down',
  });
