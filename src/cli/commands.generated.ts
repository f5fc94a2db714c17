// Made by scripts/generate.ts from src/commands; do not edit.
import type { CommandTable } from './resolve.ts';

export const commands: CommandTable = {
  'attach': { id: 'attach', load: () => import('../commands/attach.ts') },
  'completion': { id: 'completion', load: () => import('../commands/completion.ts') },
  'container:attach': { id: 'attach', load: () => import('../commands/attach.ts') },
  'container:exec': { id: 'exec', load: () => import('../commands/exec.ts') },
  'container:kill': { id: 'kill', load: () => import('../commands/kill.ts') },
  'container:remove': { id: 'rm', load: () => import('../commands/rm.ts') },
  'container:rename': { id: 'rename', load: () => import('../commands/rename.ts') },
  'container:restart': { id: 'restart', load: () => import('../commands/restart.ts') },
  'container:rm': { id: 'rm', load: () => import('../commands/rm.ts') },
  'container:start': { id: 'start', load: () => import('../commands/start.ts') },
  'container:stop': { id: 'stop', load: () => import('../commands/stop.ts') },
  'container:wait': { id: 'wait', load: () => import('../commands/wait.ts') },
  'exec': { id: 'exec', load: () => import('../commands/exec.ts') },
  'kill': { id: 'kill', load: () => import('../commands/kill.ts') },
  'rename': { id: 'rename', load: () => import('../commands/rename.ts') },
  'restart': { id: 'restart', load: () => import('../commands/restart.ts') },
  'rm': { id: 'rm', load: () => import('../commands/rm.ts') },
  'start': { id: 'start', load: () => import('../commands/start.ts') },
  'stop': { id: 'stop', load: () => import('../commands/stop.ts') },
  'version': { id: 'version', load: () => import('../commands/version.ts') },
  'wait': { id: 'wait', load: () => import('../commands/wait.ts') },
};
