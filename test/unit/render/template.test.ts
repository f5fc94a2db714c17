// Expected values are what `docker ps --format` and `docker inspect --format` (client 28.2) print for the same data.
import { goMap, NIL_LIST, nilMap, struct } from '../../../src/render/go-values.ts';
import { renderTemplate } from '../../../src/render/template.ts';
import { EngineError } from '../../../src/sys/errors.ts';

const LABELS: Record<string, string> = { a: '1', b: '2' };
const row = struct('*formatter.ContainerContext', {
  Command: '"/docker-entrypoint.…"',
  ID: 'aaaaaaaaaaaa',
  Label: (key: unknown) => LABELS[String(key)] ?? '',
  Labels: 'a=1,b=2',
  Names: 'web',
  Platform: null,
  Ports: '443/tcp, 0.0.0.0:8080->80/tcp',
  State: 'running',
});
const object = struct('container.InspectResponse', {
  Id: 'abc',
  Args: ['-g', 'daemon off;'],
  State: struct('container.State', { Status: 'running', Running: true, Pid: 123, Error: '', Health: undefined }),
  HostConfig: struct('container.HostConfig', { Binds: NIL_LIST, NanoCpus: 1500000000, OomKillDisable: null }),
  Config: struct('container.Config', { Env: ['A=1', 'B=2'], Labels: goMap({ z: '1', 'a.b': 'x' }, ''), Volumes: nilMap(null) }),
  Ports: goMap({ '80/tcp': [struct('nat.PortBinding', { HostIp: '::', HostPort: '8080' })], '443/tcp': NIL_LIST }, NIL_LIST),
});

const ROW_CASES: [template: string, text: string][] = [
  // Fields, methods, pipelines
  ['{{.ID}}', 'aaaaaaaaaaaa'],
  ['{{ .ID -}} z', 'aaaaaaaaaaaaz'],
  ['{{.ID}}{{- "  x  " -}}  y', 'aaaaaaaaaaaa  x  y'],
  ['a {{- /* nothing */ -}} b', 'ab'],
  ['{{/* nothing */}}z', 'z'],
  ['}} a }', '}} a }'],
  ['{{$.ID}}', 'aaaaaaaaaaaa'],
  ['{{(.ID)}}', 'aaaaaaaaaaaa'],
  ['{{.ID | }}', 'aaaaaaaaaaaa'],
  ['{{.Label "a"}}|{{.Label "zz"}}|', '1||'],
  ['{{.Platform}}', '<nil>'],
  ['{{.Names | printf "%10s"}}', '       web'],
  ['{{"a" | printf "%s-%s" "b"}}', 'b-a'],
  // Literals
  ["{{1.5}} {{0x1F}} {{0b11}} {{0o17}} {{1_000}} {{-5}} {{+3}} {{.5}} {{'a'}} {{true}}", '1.5 31 3 15 1000 -5 3 0.5 97 true'],
  ['{{1e3}} {{1e-7}} {{100000000000000000000000.0}} {{1e21}}', '1000 1e-07 1e+23 1e+21'],
  ['{{`raw\\n`}} {{"\\t|"}} {{"a\\x41\\101\\u00e9"}}', 'raw\\n \t| aAAé'],
  // Docker's functions
  ['{{json .Ports}}', '"443/tcp, 0.0.0.0:8080->80/tcp"'],
  ['{{split .Ports ","}}', '[443/tcp  0.0.0.0:8080->80/tcp]'],
  ['{{join (split .Names "e") "-"}}', 'w-b'],
  ['{{json (split "a-b" "-")}}', '["a","b"]'],
  ['{{upper .ID}} {{lower "AB"}} {{title "hello world"}}', 'AAAAAAAAAAAA ab Hello World'],
  ['{{truncate .ID 3}}{{pad .Names 1 2}}|{{pad "" 1 2}}|', 'aaa web  ||'],
  // Go's functions
  ['{{and 1 0}} {{or 0 "x"}} {{not true}}', '0 x false'],
  ['{{or "" .ID}} {{and "" .Nope}}|{{or .ID .Nope}}', 'aaaaaaaaaaaa |aaaaaaaaaaaa'],
  ['{{print 1 2 "a" "b" 3}}|{{println 1 "a"}}|', '1 2ab3|1 a\n|'],
  ['{{len .ID}} {{len "é"}} {{len (split "a b" " ")}}', '12 2 2'],
  ['{{index (split "a b" " ") 1}} {{index "ab" 1}}', 'b 98'],
  ['{{slice .ID 1 3}} {{slice "abc" 2}} {{slice (split "a b c" " ") 1}}', 'aa c [b c]'],
  ['{{html "<a>&\\"\'"}} {{js "it\'s <b>"}} {{urlquery "a b&c"}}', "&lt;a&gt;&amp;&#34;&#39; it\\'s \\u003Cb\\u003E a+b%26c"],
  [
    '{{eq .ID "aaaaaaaaaaaa"}} {{eq 1 2 1}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt 1.5 1.2}} {{ge "b" "a"}}',
    'true true true true true true true',
  ],
  ['{{eq .Platform nil}} {{eq .ID nil}}', 'true false'],
  // printf
  ['{{printf "%q" .Command}}', '"\\"/docker-entrypoint.…\\""'],
  [
    '{{printf "%5.2f|%x|%X|%-6s|%06d|%t|%+d|%c|%U|%e" 3.14159 "hi" 255 "ab" 42 true 5 97 97 1234.5}}',
    ' 3.14|6869|FF|ab    |000042|true|+5|a|U+0061|1.234500e+03',
  ],
  [
    '{{printf "%*d|%-5d|%5t|%q|%#x|%08.3f|%T|%T|%T" 5 42 7 true 65 255 3.14159 "x" 1 1.5}}',
    "   42|7    | true|'A'|0xff|0003.142|string|int|float64",
  ],
  ['{{printf "%v %v %v %v" nil 1.0 (split "a b" " ") true}}', '<nil> 1 [a b] true'],
  ['{{printf "%q" (split "a b" " ")}} {{printf "%.2s|%5.1s|" "abc" "xyz"}}', '["a" "b"] ab|    x|'],
  ['{{printf "%d%%" 5}} {{printf "%z" 1}} {{printf "%"}}', '5% %!z(int=1) %!(NOVERB)'],
  [
    '{{printf "%d" .ID}}|{{printf "%s" 1}}|{{printf "%v %v" 1}}|{{printf "%d" 1 2}}',
    '%!d(string=aaaaaaaaaaaa)|%!s(int=1)|1 %!v(MISSING)|1%!(EXTRA int=2)',
  ],
  // Branches, loops, variables, definitions
  ['{{if .ID}}a{{else if .Names}}b{{else}}c{{end}}{{if eq .State "paused"}}x{{else if .Names}}b{{end}}', 'ab'],
  ['{{if and .ID (eq .State "running")}}y{{end}}', 'y'],
  ['{{with .Labels}}{{.}}{{else}}none{{end}}{{with ""}}a{{else with .ID}}{{.}}{{end}}', 'a=1,b=2aaaaaaaaaaaa'],
  ['{{with $x := .ID}}{{$x}}{{end}}{{$y := 1}}{{if true}}{{$y = 2}}{{end}}{{$y}}', 'aaaaaaaaaaaa2'],
  ['{{range $i, $e := split .Names "e"}}{{$i}}:{{$e}};{{end}}{{range $e := split "a b" " "}}{{$e}}{{end}}', '0:w;1:b;ab'],
  ['{{range 3}}{{.}}{{end}}{{range 0}}{{else}}none{{end}}', '012none'],
  ['{{range split "a b c d" " "}}{{if eq . "b"}}{{continue}}{{end}}{{if eq . "d"}}{{break}}{{end}}{{.}}{{end}}', 'ac'],
  ['{{define "q"}}q{{.}}{{end}}{{template "q" .ID}}{{block "z" .Names}}[{{.}}]{{end}}', 'qaaaaaaaaaaaa[web]'],
  ['{{define "d"}}{{if .}}{{len .}}{{template "d" (slice . 1)}}{{end}}{{end}}{{template "d" "abc"}}', '321'],
];

test.each(ROW_CASES)('%s', (template, text) => {
  expect(renderTemplate(template, row)).toBe(text);
});

const OBJECT_CASES: [template: string, text: string][] = [
  ['{{.State}}', '{running true 123  <nil>}'],
  ['{{.Config.Labels}} {{.Args}} {{.Config.Volumes}} {{.HostConfig.Binds}}', 'map[a.b:x z:1] [-g daemon off;] map[] []'],
  ['{{.Config.Labels.z}} {{.Config.Labels.foo}} {{index .Config.Labels "a.b"}} [{{index .Config.Labels "foo"}}]', '1 <no value> x []'],
  ['{{.HostConfig.NanoCpus}} {{.HostConfig.NanoCPUs}} {{.HostConfig.OomKillDisable}} {{.ID}}', '1500000000 1500000000 <nil> abc'],
  ['{{.Ports}}', 'map[443/tcp:[] 80/tcp:[{:: 8080}]]'],
  ['{{range $k, $v := .Ports}}{{$k}}={{$v}};{{else}}none{{end}}', '443/tcp=[];80/tcp=[{:: 8080}];'],
  ['{{(index (index .Ports "80/tcp") 0).HostPort}}', '8080'],
  ['{{range .Config.Env}}{{println .}}{{end}}', 'A=1\nB=2\n'],
  ['{{json .Config}}', '{"Env":["A=1","B=2"],"Labels":{"a.b":"x","z":"1"},"Volumes":null}'],
  ['{{json .State}}', '{"Status":"running","Running":true,"Pid":123,"Error":""}'],
  ['{{json .HostConfig.Binds}} {{json .State.Pid}} {{json "<"}}', 'null 123 "<"'],
  ['{{if .HostConfig.Binds}}yes{{else}}no{{end}} {{len .HostConfig.Binds}} {{if .State.Health}}h{{end}}', 'no 0 '],
  ['{{.State.Running | not}} {{join .Config.Env ","}}', 'false A=1,B=2'],
];

test.each(OBJECT_CASES)('of an object: %s', (template, text) => {
  expect(renderTemplate(template, object)).toBe(text);
});

const PARSE_ERRORS: [template: string, message: string][] = [
  ['{{', 'unclosed action'],
  ['{{.}}x{{.ID', 'unclosed action'],
  ['{{if', 'unclosed action'],
  ['{{"a}}', 'unterminated quoted string'],
  ['{{`a}}', 'unterminated raw quoted string'],
  ["{{'a}}", 'unterminated character constant'],
  ['{{/* a}}', 'unclosed comment'],
  ['{{end}}', 'unexpected {{end}}'],
  ['{{else}}', 'unexpected {{else}}'],
  ['{{range .}}', 'unexpected EOF'],
  ['{{if .}}{{else}}', 'unexpected EOF'],
  ['{{if}}{{end}}', 'missing value for if'],
  ['{{range}}{{end}}', 'missing value for range'],
  ['{{}}', 'missing value for command'],
  ['{{()}}', 'missing value for parenthesized pipeline'],
  ['{{| .ID}}', 'unexpected "|" in command'],
  ['{{.ID | 5}}', 'non executable command in pipeline stage 2'],
  ['{{.ID) }}', 'unexpected right paren'],
  ['{{(.ID }}', 'unclosed left paren'],
  ['{{#}}', 'unexpected "#" in command'],
  ['{{1a}}', 'bad number syntax: "1a"'],
  ['{{.ID..x}}', 'unexpected <.> in operand'],
  ['{{nofn .ID}}', 'function "nofn" not defined'],
  ['{{$x := .Id}}{{$y}}', 'undefined variable "$y"'],
  ['{{if true}}{{$x := 1}}{{end}}{{$x}}', 'undefined variable "$x"'],
  ['{{break}}', '{{break}} outside {{range}}'],
  ['{{continue}}', '{{continue}} outside {{range}}'],
];

test.each(PARSE_ERRORS)('refuses to parse %s', (template, message) => {
  const error = thrownBy(() => renderTemplate(template, row));
  expect([error.code, error.exitCode, error.message]).toEqual(['ERR_TEMPLATE', 64, `Template parsing error: template: :1: ${message}`]);
});

test('a parse error names its line', () => {
  expect(thrownBy(() => renderTemplate('a\nb\n{{end}}', row)).message).toBe('Template parsing error: template: :3: unexpected {{end}}');
});

const RUN_ERRORS: [template: string, message: string][] = [
  ['{{.Foo}}', ':1:2: executing "" at <.Foo>: can\'t evaluate field Foo in type *formatter.ContainerContext'],
  ['{{.ID.x}}', ':1:5: executing "" at <.ID.x>: can\'t evaluate field x in type string'],
  ['a\n {{.Foo}}', ':2:3: executing "" at <.Foo>: can\'t evaluate field Foo in type *formatter.ContainerContext'],
  ['é{{.Foo}}', ':1:4: executing "" at <.Foo>: can\'t evaluate field Foo in type *formatter.ContainerContext'],
  ['{{.Label}}', ':1:2: executing "" at <.Label>: wrong number of args for Label: want 1 got 0'],
  ['{{.ID "x"}}', ':1:2: executing "" at <.ID>: wrong number of args for ID: want 0 got 1'],
  ['{{1 | .ID}}', ':1:6: executing "" at <.ID>: wrong number of args for ID: want 0 got 1'],
  ['{{nil}}', ':1:2: executing "" at <nil>: nil is not a command'],
  ['{{if eq .ID 1}}x{{end}}', ':1:5: executing "" at <eq .ID 1>: error calling eq: incompatible types for comparison'],
  ['{{eq 1}}', ':1:2: executing "" at <eq 1>: error calling eq: missing argument for comparison'],
  ['{{eq 1 1.0}}', ':1:2: executing "" at <eq 1 1.0>: error calling eq: incompatible types for comparison'],
  ['{{lt 1 "a"}}', ':1:2: executing "" at <lt 1 "a">: error calling lt: incompatible types for comparison'],
  ['{{len 3}}', ':1:2: executing "" at <len 3>: error calling len: len of type int'],
  ['{{index .ID 50}}', ':1:2: executing "" at <index .ID 50>: error calling index: index out of range: 50'],
  ['{{index .ID "a"}}', ':1:2: executing "" at <index .ID "a">: error calling index: cannot index slice/array with type string'],
  ['{{.ID | truncate 4}}', ':1:17: executing "" at <4>: expected string; found 4'],
  ['{{truncate "abc"}}', ':1:2: executing "" at <truncate>: wrong number of args for truncate: want 2 got 1'],
  ['{{join .ID ","}}', ':1:7: executing "" at <.ID>: wrong type for value; expected []string; got string'],
  ['{{lower "a" "b"}}', ':1:2: executing "" at <lower>: wrong number of args for lower: want 1 got 2'],
  ['{{call 1}}', ':1:2: executing "" at <call 1>: error calling call: non-function 1 of type int'],
  ['{{range $i, $c := "ab"}}x{{end}}', ':1:18: executing "" at <"ab">: range can\'t iterate over ab'],
  ['{{template "x"}}', ':1:11: executing "" at <{{template "x"}}>: template "x" not defined'],
  [
    '{{define "x"}}{{template "x"}}{{end}}{{template "x"}}',
    ':1:25: executing "x" at <{{template "x"}}>: exceeded maximum template depth (1000)',
  ],
];

test.each(RUN_ERRORS)('refuses to run %s', (template, message) => {
  const error = thrownBy(() => renderTemplate(template, row));
  expect([error.exitCode, error.message]).toEqual([1, `Failed to execute template: template: ${message}`]);
});

function thrownBy(run: () => unknown): EngineError {
  try {
    run();
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
  throw new Error('Nothing was thrown');
}
