// WORKDIR: the folder for what follows, and the folder itself where there is none yet. As with BuildKit it belongs to the user that USER named
// before it, and so do the folders above it that had to be made.
import { posix } from 'node:path';
import type { WordInstruction } from '../dockerfile/ast.ts';
import { DockerfileProblem } from '../dockerfile/problem.ts';
import { noteConfig, noteStep } from './history.ts';
import { expandWith, shownInstruction } from './instruction-words.ts';
import { scratchFolder } from './scratch-folder.ts';
import { stopForShell } from './shell-at.ts';
import type { BuildSpot } from './spot.ts';
import { diffIdsOf, type StageState, workdirOf } from './stage-state.ts';
import { identityOf, inputsOf, stepOf } from './step-inputs.ts';
import { chainKey, keyOf } from './step-key.ts';
import { doStep } from './steps.ts';

export async function doWorkdir(spot: BuildSpot, state: StageState, instruction: WordInstruction): Promise<void> {
  const { solving, names, isTrigger } = spot;
  const { site, graph, epoch } = solving;
  const word = expandWith(state.env, graph.dockerfile.directives)(instruction.word);
  if (word === '') throw new DockerfileProblem('normalizing workdir: cannot normalize nothing');
  const path = posix.resolve('/', workdirOf(state), word);
  state.config.WorkingDir = path;
  if (path === '/') {
    noteConfig(state, 'WORKDIR /', epoch);
    return;
  }
  const name = names.next(shownInstruction(instruction.original, state.env), state, isTrigger);
  await stopForShell(spot, state, { name });
  const parent = chainKey(diffIdsOf(state));
  const user = state.config.User ?? '';
  const key = keyOf('workdir', { parent, path, user });
  const result = await doStep(solving, {
    identity: identityOf(spot, key),
    name,
    ...stepOf(spot, state),
    key,
    inputs: inputsOf(spot, { parent, instruction: instruction.original }),
    // What COPY of an empty folder makes.
    work: async (id) => {
      const { planCopy } = await import('./copy-step.ts');
      const folder = scratchFolder(site);
      const plan = await planCopy(site, {
        id,
        isAdd: false,
        from: { kind: 'context', context: { folder, ignore: undefined } },
        fromName: 'an empty folder',
        sources: ['.'],
        inline: [],
        dest: `${path}/`,
        workdir: '/',
        chown: user === '' ? undefined : user,
        link: false,
        parents: false,
        exclude: [],
        keepGitDir: false,
      });
      return plan.make(diffIdsOf(state));
    },
  });
  if (result.layer) {
    state.layers.push(result.layer);
    state.keys.push(result.key);
  }
  noteStep(state, `WORKDIR ${path}`, { createdAt: epoch ?? result.createdAt, hasLayer: result.layer !== undefined });
}
