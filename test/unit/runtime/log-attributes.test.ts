import { expandTag, logAttributes, unknownInTag } from '../../../src/runtime/log-attributes.ts';
import { fieldName } from '../../../src/runtime/log-journald.ts';
import type { ContainerRecord } from '../../../src/storage/records.ts';

const record = (options: Record<string, string>): ContainerRecord => ({
  ...({} as ContainerRecord),
  Id: 'abcdef0123456789'.repeat(4),
  Name: 'web',
  Image: `sha256:${'12'.repeat(32)}`,
  Config: { ...({} as ContainerRecord['Config']), Image: 'nginx', Labels: { 'com.a': '1', b: '2' }, Env: ['A=x', 'AB=y=z', 'C'] },
  HostConfig: { ...({} as ContainerRecord['HostConfig']), LogConfig: { Type: 'json-file', Config: options } },
});

test.each([
  [{}, {}],
  [
    { labels: 'b,missing', env: 'AB' },
    { AB: 'y=z', b: '2' },
  ],
  [
    { 'labels-regex': '^com\\.', 'env-regex': '^A' },
    { A: 'x', AB: 'y=z', 'com.a': '1' },
  ],
  [{ tag: '{{.Name}}/{{ .ID }}' }, { tag: 'web/abcdef012345' }],
])('%j chooses %j', (options, attributes) => {
  expect(logAttributes(record(options))).toEqual(attributes);
  expect(Object.keys(logAttributes(record(options)))).toEqual(Object.keys(attributes).toSorted());
});

test('all fields of a tag', () => {
  expect(expandTag('{{.FullID}} {{.ImageID}} {{.ImageFullID}} {{.ImageName}} {{.DaemonName}}', record({}))).toBe(
    `${'abcdef0123456789'.repeat(4)} 121212121212 sha256:${'12'.repeat(32)} nginx skiff`,
  );
});

test.each([
  ['plain {text}', undefined],
  ['{{.ID}}{{.Name}}', undefined],
  ['{{.Nope}}', '{{.Nope}}'],
  ['a {{ json . }}', '{{ json . }}'],
  ['{{', '{{'],
])('of "%s", %s is unknown', (template, unknown) => expect(unknownInTag(template)).toBe(unknown));

test.each([
  ['com.example.name', 'COM_EXAMPLE_NAME'],
  ['_hidden', 'HIDDEN'],
  ['1st', 'ST'],
  ['...', ''],
])('the journal’s name of "%s" is "%s"', (name, field) => expect(fieldName(name)).toBe(field));
