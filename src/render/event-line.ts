// Events as text: Docker's line, or `--format` per event, whose template is tried on an empty event before the first one comes.
import type { EngineEvent } from '../storage/records.ts';
import { EngineError } from '../sys/errors.ts';
import { fixedTime } from './go-time.ts';
import { goMap, sortedKeys, struct } from './go-values.ts';

/** A function that gives the line of an event, newline included. Throws ERR_TEMPLATE (exit code 64). */
export async function eventFormatter(format: string | undefined): Promise<(event: EngineEvent) => string> {
  if (format === undefined || format === '') return eventLine;
  const { compileTemplate, applyTemplate } = await import('./template.ts');
  try {
    const template = compileTemplate(format === 'json' ? '{{json .}}' : format);
    applyTemplate(template, eventMessage(NOTHING));
    return (event) => `${applyTemplate(template, eventMessage(event))}\n`;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const why = error.message.replace(/^[^:]*: /, '');
    throw new EngineError('ERR_TEMPLATE', `Error parsing format: ${why}`, { exitCode: 64 });
  }
}

function eventLine({ Type, Action, Actor, timeNano }: EngineEvent): string {
  const attributes = sortedKeys(Actor.Attributes).map((key) => `${key}=${Actor.Attributes[key]}`);
  return `${fixedTime(timeNano)} ${Type} ${Action} ${Actor.ID}${attributes.length > 0 ? ` (${attributes.join(', ')})` : ''}\n`;
}

const NOTHING: Pick<EngineEvent, 'Action' | 'Actor' | 'time' | 'timeNano'> & { Type: string; scope: string } = {
  Type: '',
  Action: '',
  Actor: { ID: '', Attributes: {} },
  scope: '',
  time: 0,
  timeNano: 0n,
};

/** Docker's message: its JSON has the older fields `status`, `id` and `from` for containers and images; templates use the names of Go. */
function eventMessage({ Type, Action, Actor, scope, time, timeNano }: typeof NOTHING): object {
  const isOld = Type === 'container' || Type === 'image';
  const from = (Type === 'container' && Actor.Attributes.image) || '';
  const old = { ...(isOld ? { status: Action, id: Actor.ID } : {}), ...(from ? { from } : {}) };
  return struct(
    '*events.Message',
    {
      ...old,
      Type,
      Action,
      Actor: struct('events.Actor', { ID: Actor.ID, Attributes: goMap(Actor.Attributes, '') }),
      scope,
      time,
      timeNano,
    },
    { Status: isOld ? Action : '', ID: isOld ? Actor.ID : '', From: from, Scope: scope, Time: time, TimeNano: timeNano },
  );
}
