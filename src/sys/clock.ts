// The time of day to the nanosecond, which Date does not know: two events of one millisecond keep their order.
import { c, check, ptr } from './ffi.ts';

const CLOCK_REALTIME = 0;

/** Nanoseconds since 1970. */
export function realtimeNanoseconds(): bigint {
  // struct timespec { time_t tv_sec; long tv_nsec } - 16 bytes on 64-bit Linux.
  const time = Buffer.alloc(16);
  check(c.clock_gettime(CLOCK_REALTIME, ptr(time)), 'clock_gettime');
  return time.readBigInt64LE(0) * 1_000_000_000n + time.readBigInt64LE(8);
}
