// What `--push` and `--load` add to the outputs: a push to an image that goes to the store already, else an output of their own.
import type { OutputSpec } from '../model.ts';
import { isStoreOutput, LOAD, PUSH } from '../output-spec.ts';

export function outputsOf(given: readonly OutputSpec[], { push, load }: { push: boolean; load: boolean }): OutputSpec[] {
  const outputs = given.map((output) => ({ ...output }));
  if (push) {
    const image = outputs.find(({ type }) => type === 'image' || type === 'registry');
    if (image?.type === 'image') image.attributes = { ...image.attributes, push: 'true' };
    else if (!image) outputs.push(PUSH);
  }
  if (load && !outputs.some((output) => output.type !== 'registry' && isStoreOutput(output))) outputs.push(LOAD);
  return outputs;
}
