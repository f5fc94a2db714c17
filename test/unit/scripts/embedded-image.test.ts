import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embeddedImageSource } from '../../../scripts/embedded-image.ts';
import { type HelloArchitecture, helloElf, helloText } from '../../../scripts/hello-elf.ts';

const root = join(__dirname, '../../..');

test('the generated image is that of the scripts; run "bun scripts/generate-embedded-image.ts" when it is not', () => {
  expect(readFileSync(join(root, 'src/storage/embedded-image.generated.ts'), 'utf8')).toBe(embeddedImageSource());
});

test.each(['amd64', 'arm64'] as const)(
  'the %s program holds its whole text at the end, in one segment that is the whole file',
  (architecture) => {
    const elf = Buffer.from(helloElf(architecture));
    expect(elf.subarray(-Buffer.byteLength(helloText)).toString()).toBe(helloText);
    expect(elf.readBigUInt64LE(64 + 32)).toBe(BigInt(elf.length));
  },
);

// The two instructions that a change of the text moves: where the text starts, and how long it is.
test('the arm64 program addresses its text and knows its length', () => {
  const elf = Buffer.from(helloElf('arm64'));
  const length = Buffer.byteLength(helloText);
  const code = 64 + 2 * 56;
  const adr = elf.readUInt32LE(code + 4);
  const distance = ((adr >>> 5) & 0x7ffff) * 4 + ((adr >>> 29) & 3);
  expect(code + 4 + distance).toBe(elf.length - length);
  expect((elf.readUInt32LE(code + 8) >>> 5) & 0xffff).toBe(length);
});

const emulators: Record<HelloArchitecture, string[]> = { amd64: [], arm64: ['qemu-aarch64-static'] };
const isNative = (architecture: HelloArchitecture) => architecture === (process.arch === 'x64' ? 'amd64' : process.arch);
const hasQemu = ['/usr/bin', '/usr/local/bin'].some((folder) => existsSync(join(folder, 'qemu-aarch64-static')));

for (const architecture of ['amd64', 'arm64'] as const) {
  const canRun = isNative(architecture) || (architecture === 'arm64' && hasQemu);
  (canRun ? test : test.skip)(`the ${architecture} program prints its text and exits 0 (arm64: needs qemu-aarch64-static)`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'hello-elf-'));
    try {
      const program = join(folder, 'hello');
      writeFileSync(program, helloElf(architecture));
      chmodSync(program, 0o755);
      const command = isNative(architecture) ? [program] : [...emulators[architecture], program];
      expect(execFileSync(command[0] ?? '', command.slice(1)).toString()).toBe(helloText);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
