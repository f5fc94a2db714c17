// What of the build's site COPY and ADD need.
import type { BuildOptions, BuildSite, StepCache } from '../model.ts';

export type CopySite = Pick<BuildSite, 'ctx' | 'hold' | 'signal' | 'tell'> & {
  options: Partial<Pick<BuildOptions, 'sourceDateEpoch' | 'ssh' | 'lock'>>;
  cache: Pick<StepCache, 'need'>;
};
