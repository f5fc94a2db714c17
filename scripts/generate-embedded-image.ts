// Writes src/storage/embedded-image.generated.ts anew. Run it after a change to scripts/hello-elf.ts.
import { embeddedImageSource } from './embedded-image.ts';

await Bun.write(new URL('../src/storage/embedded-image.generated.ts', import.meta.url), embeddedImageSource());
