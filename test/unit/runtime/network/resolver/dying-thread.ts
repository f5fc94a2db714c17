// Stands for the resolver's thread: writes down what it is set up with (in the file that `netns` names), and dies when it is put on the network "die".
import { appendFileSync } from 'node:fs';
import type { FromResolver, ToResolver } from '../../../../../src/runtime/network/resolver/messages.ts';

declare const self: { onmessage: ((event: { data: ToResolver }) => void) | null; postMessage: (message: FromResolver) => void };

self.onmessage = ({ data }) => {
  if (data.type === 'networks' && data.networks.includes('die')) throw new Error('the thread dies');
  if (data.type !== 'setup') return;
  appendFileSync(data.netns, `${JSON.stringify([data.port, data.networks])}\n`);
  self.postMessage({ type: 'listening', thread: '1/task/2', port: data.port || 5353 });
};
