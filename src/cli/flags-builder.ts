// `--builder` and the names of builders: there is one, and nothing of it runs beside a build.
import { EngineError } from '../sys/errors.ts';
import { flag } from './flag.ts';

export const BUILDER = 'default';

export const builderFlag = {
  builder: flag.custom({
    description: `Builder to use: "${BUILDER}", the only one`,
    parse: (text) => {
      if (text !== '' && text !== BUILDER) throw new Error(`there is one builder, "${BUILDER}": nothing runs beside a build`);
      return text;
    },
  }),
};

/** Throws ERR_NO_SUCH_BUILDER for any other name. */
export function requireBuilder(name: string = BUILDER): void {
  if (name === BUILDER) return;
  throw new EngineError('ERR_NO_SUCH_BUILDER', `no builder "${name}" found`, {
    hint: `There is one builder, "${BUILDER}": leave the name out`,
  });
}
