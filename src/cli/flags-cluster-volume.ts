// Docker's flags for volumes of a swarm, refused by name.
import { refused } from './refused.ts';

const REASON = 'not supported: there is no swarm, and so there are no cluster volumes';

export const clusterVolumeFlags = {
  availability: refused(REASON),
  group: refused(REASON),
  'limit-bytes': refused(REASON),
  'required-bytes': refused(REASON),
  scope: refused(REASON),
  secret: refused(REASON),
  sharing: refused(REASON),
  'topology-preferred': refused(REASON),
  'topology-required': refused(REASON),
  type: refused(REASON),
};
