import { checkLogConfig } from '../../../../src/engine/create/log-options.ts';

test.each([
  [
    'json-file',
    {
      'max-size': '10m',
      'max-file': '3',
      compress: 'true',
      labels: 'a,b',
      'labels-regex': '^a',
      env: 'A',
      'env-regex': 'A.',
      tag: '{{.Name}}/{{.ID}}',
    },
  ],
  ['json-file', { mode: 'blocking' }],
  ['local', { 'max-size': '1g', 'max-file': '1', compress: 'false' }],
  ['journald', { tag: 'x', labels: 'a' }],
  ['none', {}],
])('%s takes %j', (Type, Config) => expect(checkLogConfig({ Type, Config })).toEqual({ Type, Config }));

test('json-file is the default', () => expect(checkLogConfig()).toEqual({ Type: 'json-file', Config: {} }));

test.each([
  ['syslog', {}, "Logger: no log driver named 'syslog' is registered"],
  ['json-file', { colour: 'red' }, "Unknown log opt 'colour' for json-file log driver"],
  ['local', { tag: 'x' }, "Unknown log opt 'tag' for local log driver"],
  ['journald', { 'max-size': '1m' }, "Unknown log opt 'max-size' for journald log driver"],
  ['none', { 'max-size': '1m' }, "Unknown log opt 'max-size' for none log driver"],
  ['json-file', { 'max-size': 'big' }, "Invalid value for max-size: invalid size: 'big'"],
  ['json-file', { 'max-size': '0' }, 'Max-size must be a positive number'],
  ['json-file', { 'max-file': '0' }, 'Max-file cannot be less than 1'],
  ['json-file', { 'max-file': 'x' }, "Invalid value for max-file: 'x' is no number"],
  ['json-file', { 'max-file': '100' }, 'Max-file cannot be more than 99: 100'],
  ['json-file', { compress: 'maybe' }, "Invalid value for compress: 'maybe'"],
  ['json-file', { compress: 'true', 'max-file': '1' }, 'Compress cannot be true when max-file is less than 2'],
  ['json-file', { 'labels-regex': '(' }, 'Invalid regular expression in a log option: "("'],
  ['json-file', { tag: '{{.Colour}}' }, 'Invalid log tag: cannot fill in "{{.Colour}}"'],
  ['json-file', { tag: '{{upper .Name}}' }, 'Invalid log tag: cannot fill in "{{upper .Name}}"'],
  ['json-file', { tag: '{{.Name' }, 'Invalid log tag: cannot fill in "{{.Name"'],
  ['json-file', { mode: 'non-blocking' }, 'Log mode "non-blocking" is not supported: nothing that a container prints is dropped'],
  ['json-file', { mode: 'fast' }, 'Logger: logging mode not supported: fast'],
  ['json-file', { 'max-buffer-size': '4m' }, "Logger: max-buffer-size option is only supported with 'mode=non-blocking'"],
])('%s with %j is refused', (Type, Config, message) => {
  expect(() => checkLogConfig({ Type, Config })).toThrow(message);
});
