// The flag of the commands that read a volume which containers may write to meanwhile.
import { flag } from './flag.ts';

export const pauseFlag = {
  pause: flag.boolean({ description: 'Pause the containers that run with the volume while it is read' }),
};
