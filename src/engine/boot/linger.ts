// Lingering: whether the user's systemd manager starts with the machine and outlives their sessions. Turning it on needs a policy that
// lets users do so for themselves, which many machines have.
import { userInfo } from 'node:os';
import type { Ctx } from '../../sys/context.ts';
import { runTool } from './tool.ts';

export function isLingering(ctx: Ctx): boolean {
  // Of a user who neither lingers nor is logged in loginctl knows nothing, and fails.
  return runTool(ctx, ['loginctl', 'show-user', userName(), '--property=Linger', '--value']).stdout.trim() === 'yes';
}

/** Turns it on or off without asking anybody for a password; false when that is not allowed. */
export function setLinger(ctx: Ctx, isOn: boolean): boolean {
  const done = runTool(ctx, ['loginctl', '--no-ask-password', isOn ? 'enable-linger' : 'disable-linger', userName()]);
  return done.code === 0 && isLingering(ctx) === isOn;
}

/** What to paste where only root may. */
export const lingerCommand = (): string => `sudo loginctl enable-linger ${userName()}`;

const userName = (): string => userInfo().username;
