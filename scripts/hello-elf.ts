// Writes the program of `localhost/hello`: a static ELF executable of a few hundred bytes that prints one text and exits 0.
// The machine code is written by hand, so that the image needs no compiler, has no licence but ours, and is the same on every
// machine that builds it. Formats: System V ABI (ELF-64); system call numbers of linux x86-64 and arm64.

export type HelloArchitecture = 'amd64' | 'arm64';

export const helloText = `
Hello from a skiff container.

To show you these lines, without root and without any daemon, skiff

 1. took the image "localhost/hello", which its own file carries: no registry was asked,
 2. unpacked it below your data folder, and put a writable layer of this container's own on top,
 3. stepped into a user namespace, where you are root over this container and over nothing else,
 4. gave the container its own processes, mounts, host name and network, and Docker's default
    seccomp filter and capabilities,
 5. ran the one program in the image, which wrote this text, and will now hand you its exit code.

Next, run something larger, from a registry:
  skiff run -it --rm debian bash
  skiff run -d -p 8080:80 nginx

`;

interface Target {
  /** e_machine. */
  machine: number;
  /** Largest page size of the architecture: a segment must be aligned to it. */
  pageSize: number;
  /** write(1, text, length), exit(0), for a text that starts `textOffset` bytes after the code does. */
  code: (textOffset: number, length: number) => Uint8Array;
}

const targets: Record<HelloArchitecture, Target> = {
  amd64: { machine: 62, pageSize: 0x1000, code: amd64Code },
  arm64: { machine: 183, pageSize: 0x10000, code: arm64Code },
};

const loadAddress = 0x400000;
const headerSize = 64;
const programHeaderSize = 56;
const codeOffset = headerSize + 2 * programHeaderSize;

/** The executable file for `architecture`. */
export function helloElf(architecture: HelloArchitecture): Uint8Array {
  const target = targets[architecture];
  const text = new TextEncoder().encode(helloText);
  const codeSize = target.code(0, text.length).length;
  const code = target.code(codeSize, text.length);
  const size = codeOffset + codeSize + text.length;

  const file = new Uint8Array(size);
  writeHeader(new DataView(file.buffer), target, size);
  file.set(code, codeOffset);
  file.set(text, codeOffset + codeSize);
  return file;
}

function writeHeader(view: DataView, target: Target, size: number): void {
  const u16 = (offset: number, value: number) => view.setUint16(offset, value, true);
  const u32 = (offset: number, value: number) => view.setUint32(offset, value, true);
  const u64 = (offset: number, value: number) => view.setBigUint64(offset, BigInt(value), true);

  view.setUint32(0, 0x7f454c46); // magic, as the four bytes stand
  view.setUint32(4, 0x02010100); // 64 bit, little endian, version 1, System V
  u16(16, 2); // ET_EXEC
  u16(18, target.machine);
  u32(20, 1); // EV_CURRENT
  u64(24, loadAddress + codeOffset); // entry
  u64(32, headerSize); // program headers
  u16(52, headerSize);
  u16(54, programHeaderSize);
  u16(56, 2); // two program headers

  const load = headerSize;
  u32(load, 1); // PT_LOAD
  u32(load + 4, 5); // readable, executable
  u64(load + 16, loadAddress);
  u64(load + 24, loadAddress);
  u64(load + 32, size);
  u64(load + 40, size);
  u64(load + 48, target.pageSize);

  const stack = load + programHeaderSize;
  u32(stack, 0x6474e551); // PT_GNU_STACK: without it some kernels make the stack executable
  u32(stack + 4, 6); // readable, writable
}

function amd64Code(textOffset: number, length: number): Uint8Array {
  const leaEnd = 17; // rip-relative addresses count from the end of the instruction
  return Uint8Array.from([
    ...[0xb8, ...le32(1)], //                        mov eax, 1        write
    ...[0xbf, ...le32(1)], //                        mov edi, 1        standard output
    ...[0x48, 0x8d, 0x35, ...le32(textOffset - leaEnd)], // lea rsi, [rip + text]
    ...[0xba, ...le32(length)], //                   mov edx, length
    ...[0x0f, 0x05], //                              syscall
    ...[0xb8, ...le32(60)], //                       mov eax, 60       exit
    ...[0x31, 0xff], //                              xor edi, edi
    ...[0x0f, 0x05], //                              syscall
  ]);
}

function arm64Code(textOffset: number, length: number): Uint8Array {
  const adrAt = 4; // pc-relative addresses count from the instruction itself
  return Uint8Array.from(
    [
      arm64Move(0, 1), //                            mov x0, #1        standard output
      arm64Address(1, textOffset - adrAt), //        adr x1, text
      arm64Move(2, length), //                       mov x2, #length
      arm64Move(8, 64), //                           mov x8, #64       write
      0xd4000001, //                                 svc #0
      arm64Move(0, 0), //                            mov x0, #0
      arm64Move(8, 93), //                           mov x8, #93       exit
      0xd4000001, //                                 svc #0
    ].flatMap(le32),
  );
}

/** MOVZ: a 16-bit value into register `register`. */
const arm64Move = (register: number, value: number): number => (0xd2800000 | (value << 5) | register) >>> 0;

/** ADR: the address `distance` bytes from here (below 1 MB) into register `register`. */
const arm64Address = (register: number, distance: number): number =>
  (0x10000000 | ((distance & 3) << 29) | ((distance >> 2) << 5) | register) >>> 0;

const le32 = (value: number): number[] => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff];
