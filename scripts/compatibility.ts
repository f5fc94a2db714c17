// Writes docs/compatibility.md from the recorded help of Docker and skiff's own flags. `bun scripts/generate.ts` does so too, with the rest.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate, PAGE, root } from './generate.ts';

writeFileSync(join(root, PAGE), (await generate())[PAGE] ?? '');
