// For which architectures the kernel runs programs: its own, its 32-bit kin, and those that binfmt_misc has an emulator for. Asked by letting it try
// the first bytes of a program.
import { canRun } from './emulated.ts';

/** Go's name → `e_machine` and whether the header is big-endian (elf.h). */
const FOREIGN: Readonly<Record<string, { machine: number; bits: 32 | 64; isBigEndian?: boolean }>> = {
  amd64: { machine: 62, bits: 64 },
  '386': { machine: 3, bits: 32 },
  arm64: { machine: 183, bits: 64 },
  arm: { machine: 40, bits: 32 },
  riscv64: { machine: 243, bits: 64 },
  ppc64le: { machine: 21, bits: 64 },
  s390x: { machine: 22, bits: 64, isBigEndian: true },
};

/** Go's names, `own` first. */
export function runnableArchitectures(own: string): string[] {
  return [own, ...Object.keys(FOREIGN).filter((name) => name !== own && canRun(headOf(name)))];
}

/** The header of an executable without anything in it. */
function headOf(architecture: string): Buffer {
  const { machine, bits, isBigEndian = false } = FOREIGN[architecture] ?? { machine: 0, bits: 64 };
  const head = Buffer.alloc(64);
  head.set([0x7f, 0x45, 0x4c, 0x46, bits === 64 ? 2 : 1, isBigEndian ? 2 : 1, 1]);
  const put = (value: number, at: number): number => (isBigEndian ? head.writeUInt16BE(value, at) : head.writeUInt16LE(value, at));
  put(2, 16);
  put(machine, 18);
  head[isBigEndian ? 23 : 20] = 1;
  return head;
}
