// Runs inside the machine, which has no network and no registry: serves the busybox image, whose blobs were copied in beside it.
// Arguments: the folder of an OCI layout, the port.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startFakeRegistry } from '../../e2e/support/fake-registry.ts';
import type { Image } from '../../e2e/support/images/layout.ts';

const [folder = '', port = '5000'] = process.argv.slice(2);
const blobs = join(folder, 'blobs/sha256');
const [manifest] = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')).manifests;
const image: Image = { manifest, blobs: new Map(readdirSync(blobs).map((hex) => [`sha256:${hex}`, readFileSync(join(blobs, hex))])) };
startFakeRegistry({ busybox: image }, { port: Number(port) });
