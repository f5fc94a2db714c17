import { dlopen } from 'bun:ffi';
import { Parser } from 'tar';
import { z } from 'zod';
import * as zm from 'zod/mini';

test('x', () => {
  expect(typeof dlopen).toBe('function');
  expect(z.string().parse('a')).toBe('a');
  expect(zm.string().parse('a')).toBe('a');
  expect(typeof Parser).toBe('function');
});
