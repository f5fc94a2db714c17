import { backOffMs, isRetryableError, isRetryableStatus, pause, retryAfterMs } from '../../../../src/oci/http/retry.ts';

const now = Date.parse('2025-06-01T12:00:00Z');

it.each([
  [null, undefined],
  ['3', 3000],
  [' 0 ', 0],
  ['Sun, 01 Jun 2025 12:00:05 GMT', 5000],
  ['Sun, 01 Jun 2025 11:00:00 GMT', 0],
  ['soon', undefined],
  ['-5', undefined],
  ['1.5', undefined],
])('Retry-After %j asks for %j ms', (header, expected) => {
  expect(retryAfterMs(header, now)).toBe(expected);
});

it('waits twice as long each time, up to ten seconds, and never all at the same moment', () => {
  expect([1, 2, 3, 4, 9].map((attempt) => backOffMs(attempt, () => 0))).toEqual([250, 500, 1000, 2000, 5000]);
  expect([1, 2, 3, 4, 9].map((attempt) => backOffMs(attempt, () => 1))).toEqual([500, 1000, 2000, 4000, 10_000]);
});

it('tries again what may pass, and nothing else', () => {
  expect([408, 429, 500, 502, 503, 504].every(isRetryableStatus)).toBe(true);
  expect([200, 206, 301, 400, 401, 403, 404, 416, 501].some(isRetryableStatus)).toBe(false);
  expect(['ECONNRESET', 'ERR_STALLED', 'ETIMEDOUT', 'EAI_AGAIN'].every(isRetryableError)).toBe(true);
  expect(['ENOTFOUND', 'ECONNREFUSED', 'EPROTO', 'CERT_HAS_EXPIRED', 'ERR_REDIRECT', undefined].some(isRetryableError)).toBe(false);
});

it('a pause ends with the reason of the abort', async () => {
  const controller = new AbortController();
  const waiting = pause(60_000, controller.signal);
  controller.abort(new Error('given up'));
  await expect(waiting).rejects.toThrow('given up');
  await expect(pause(60_000, controller.signal)).rejects.toThrow('given up');
});
