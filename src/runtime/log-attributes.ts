// What a container's log lines carry beside their text, as log options choose it: labels and variables of the container, and a tag.
import type { ContainerRecord } from '../storage/records.ts';

const FIELDS: Readonly<Record<string, (record: ContainerRecord) => string>> = {
  ID: ({ Id }) => Id.slice(0, 12),
  FullID: ({ Id }) => Id,
  Name: ({ Name }) => Name,
  ImageID: ({ Image }) => Image.replace(/^sha256:/, '').slice(0, 12),
  ImageFullID: ({ Image }) => Image,
  ImageName: ({ Config }) => Config.Image,
  DaemonName: () => 'skiff',
};

/** Labels and variables, and the tag if one was asked for, by name. */
export function logAttributes(record: ContainerRecord): Record<string, string> {
  const { Config: options } = record.HostConfig.LogConfig;
  const labels = Object.entries(record.Config.Labels);
  const variables = record.Config.Env.map((entry): [string, string] => {
    const equals = entry.indexOf('=');
    return equals < 0 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)];
  });
  const chosen = [
    ...labels.filter(([name]) => isChosen(name, options.labels, options['labels-regex'])),
    ...variables.filter(([name]) => isChosen(name, options.env, options['env-regex'])),
    ...(options.tag ? [['tag', expandTag(options.tag, record)] as [string, string]] : []),
  ];
  return Object.fromEntries(chosen.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** A tag template with its fields filled in. */
export function expandTag(template: string, record: ContainerRecord): string {
  return template.replace(PLACE, (_, name: string) => FIELDS[name]?.(record) ?? '');
}

/** What of a tag template is no field that we know; undefined when all of it is. */
export function unknownInTag(template: string): string | undefined {
  const places = [...template.matchAll(PLACE)].find(([, name = '']) => !FIELDS[name])?.[0];
  return places ?? /\{\{.*?(\}\}|$)/s.exec(template.replace(PLACE, ''))?.[0];
}

const PLACE = /\{\{-?\s*\.(\w+)\s*-?\}\}/g;

function isChosen(name: string, names = '', expression = ''): boolean {
  return names.split(',').includes(name) || (expression !== '' && new RegExp(expression).test(name));
}
