// A flag of Docker's that skiff knows and refuses, with the reason, so that none is accepted and ignored. It stays out of the help;
// docs/compatibility.md shows it with its reason.
import { flag, type MaybeFlag } from './flag.ts';

export interface RefusedSpec {
  char?: string;
  /** A flag without a value in Docker. */
  isSwitch?: boolean;
}

/** `reason` ends the sentence `invalid argument "…" for "--flag" flag: …`. */
export function refused(reason: string, { char, isSwitch = false }: RefusedSpec = {}): MaybeFlag<never> {
  return flag.custom<never>({
    hidden: true,
    refused: reason,
    ...(char ? { char } : {}),
    ...(isSwitch ? { bareValue: 'true' } : {}),
    parse: () => {
      throw new Error(reason);
    },
  });
}
