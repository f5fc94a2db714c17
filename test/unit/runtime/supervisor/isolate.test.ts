import { isReadOnly } from '../../../../src/runtime/supervisor/isolate.ts';

const line = (point: string, options: string): string => `55 40 0:50 / ${point} ${options} - proc proc rw`;

test('a folder is read-only by a mount of its own, the last one there', () => {
  const masked = [line('/proc', 'rw,nosuid'), line('/proc/sys', 'ro,nosuid,relatime')];
  expect(isReadOnly('/proc/sys', masked.join('\n'))).toBe(true);
  expect(isReadOnly('/proc/sys', [...masked, line('/proc/sys', 'rw,nosuid')].join('\n'))).toBe(false);
  expect(isReadOnly('/proc/sys', line('/proc', 'rw'))).toBe(false);
});
