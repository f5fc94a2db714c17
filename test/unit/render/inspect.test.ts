// Texts and errors are those of `docker inspect` for the same objects.
import { type InspectedObject, renderObjects } from '../../../src/render/inspect.ts';
import { containerRecord, containerState, DIGEST, ID, IMAGE_ID, imageConfig, imageRecord } from './support/records.ts';

const CONTAINER: InspectedObject = {
  type: 'container',
  record: containerRecord(),
  state: containerState(),
  facts: {
    folder: '/c',
    logPath: '/c/log',
    layerFolders: [],
    execIds: null,
    endpointId: '',
    sandboxId: '',
    maskedPaths: undefined,
    readonlyPaths: undefined,
  },
};
const IMAGE: InspectedObject = {
  type: 'image',
  record: imageRecord(),
  config: imageConfig(),
  facts: { tags: ['nginx:1'], digests: [`nginx@${DIGEST}`], layerFolders: ['/l/aa/fs', '/l/bb/fs'], lastTagged: '2024-01-02T00:00:00Z' },
};

test('objects are an array indented by four', async () => {
  const text = await renderObjects([CONTAINER, IMAGE]);
  expect(text.startsWith(`[\n    {\n        "Id": "${ID}",\n        "Created": "2024-01-02T03:02:00.123456789Z",\n`)).toBe(true);
  expect(text.endsWith('\n    }\n]\n')).toBe(true);
  expect(JSON.parse(text)[1].Id).toBe(IMAGE_ID);
});

test('no objects are an empty array', async () => {
  expect(await renderObjects([])).toBe('[]\n');
});

test('json is one line', async () => {
  const text = await renderObjects([CONTAINER], 'json');
  expect(text.split('\n').length).toBe(2);
  expect(JSON.parse(text)).toEqual(JSON.parse(await renderObjects([CONTAINER])));
});

test.each([
  ['{{.Id}} {{.ID}} {{.Name}}', `${ID} ${ID} /web\n`],
  ['{{.State.Status}} {{.State.Pid}}', 'running 4711\n'],
  ['{{json .Config.Cmd}}', '["nginx","-g","daemon off;"]\n'],
  ['{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}', '8080\n'],
  [
    '{{range $port, $at := .NetworkSettings.Ports}}{{$port}}={{range $at}}{{.HostIp}}:{{.HostPort}} {{end}};{{end}}',
    '443/tcp=;80/tcp=0.0.0.0:8080 :::8080 ;\n',
  ],
  ['{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', '10.88.0.2\n'],
  ['{{.Config.Labels.nope}}|{{index .Config.Labels "nope"}}|{{index .Config.Labels "org.example.tier"}}', '<no value>||front\n'],
  ['{{.HostConfig.CapAdd}} {{.HostConfig.PidsLimit}} {{.HostConfig.NanoCPUs}}', '[] <nil> 0\n'],
  ['{{range .Mounts}}{{.Source}}:{{.Destination}} {{end}}', '/srv:/data /v:/v \n'],
  ['{{eq .State.ExitCode 0}}', 'true\n'],
  ['\\t{{.Name}}', '\\t/web\n'],
])('a template: %s', async (format, expected) => {
  expect(await renderObjects([CONTAINER], format)).toBe(expected);
});

test('a template gives a line per object', async () => {
  expect(await renderObjects([CONTAINER, IMAGE], '{{.Id}}')).toBe(`${ID}\n${IMAGE_ID}\n`);
});

test('a template may say of an image what only its JSON has', async () => {
  expect(await renderObjects([IMAGE], '{{.RepoTags}} {{.RootFS.Layers}} {{.Config.Labels.a}} {{.Size}}')).toBe(
    '[nginx:1] [sha256:aa sha256:bb] 1 192000123\n',
  );
});

test('fields that JSON leaves out when empty are empty in templates', async () => {
  expect(await renderObjects([IMAGE], '{{.Os}}/{{.Architecture}}/{{.Variant}}|{{.Config.StopSignal}}|{{.Config.Shell}}')).toBe(
    'linux/amd64/||[]\n',
  );
  expect(await renderObjects([CONTAINER], '{{.HostConfig.Tmpfs}}{{range .Mounts}}[{{.Name}}]{{end}}')).toBe(
    'map[][][a-rather-long-name]\n',
  );
});

test.each([
  ['{{.Foo}}', 1, ':1:2: executing "" at <.Foo>: map has no entry for key "Foo"'],
  ['{{.State.Foo}}', 1, ':1:8: executing "" at <.State.Foo>: map has no entry for key "Foo"'],
  ['{{.State.Health.Status}}', 1, ':1:8: executing "" at <.State.Health.Status>: map has no entry for key "Health"'],
  ['{{.State.Status.x}}', 1, ':1:8: executing "" at <.State.Status.x>: can\'t evaluate field x in type interface {}'],
  [
    '{{(index (index .NetworkSettings.Ports "81/tcp") 0).HostPort}}',
    1,
    ':1:3: executing "" at <index (index .NetworkSettings.Ports "81/tcp") 0>: error calling index: index of untyped nil',
  ],
  ['{{.State', 64, ':1: unclosed action'],
])('the template %s is refused', async (format, exitCode, message) => {
  await expect(renderObjects([CONTAINER], format)).rejects.toMatchObject({
    exitCode,
    message: `Template parsing error: template: ${message}`,
  });
});

test('a number that only the JSON has compares as text, as in Docker', async () => {
  expect(await renderObjects([CONTAINER], '{{.Id}}{{len .State.Pid}}')).toBe(`${ID}4\n`);
});

test('an image has Docker’s fields', async () => {
  const [image] = JSON.parse(await renderObjects([IMAGE]));
  expect(image).toEqual({
    Id: IMAGE_ID,
    RepoTags: ['nginx:1'],
    RepoDigests: [`nginx@${DIGEST}`],
    Parent: '',
    Comment: 'last',
    Created: '2024-01-01T22:04:05Z',
    DockerVersion: '',
    Author: '',
    Config: {
      Cmd: ['sh'],
      Entrypoint: null,
      Env: ['PATH=/bin'],
      ExposedPorts: { '80/tcp': {} },
      Labels: { a: '1', b: '2' },
      OnBuild: null,
      User: '',
      Volumes: null,
      WorkingDir: '',
    },
    Architecture: 'amd64',
    Os: 'linux',
    Size: 192_000_123,
    GraphDriver: { Data: { LowerDir: '/l/aa/fs', UpperDir: '/l/bb/fs' }, Name: 'overlay' },
    RootFS: { Type: 'layers', Layers: ['sha256:aa', 'sha256:bb'] },
    Metadata: { LastTagTime: '2024-01-02T00:00:00Z' },
  });
  expect(Object.keys(image).join(' ')).toBe(
    'Id RepoTags RepoDigests Parent Comment Created DockerVersion Author Config Architecture Os Size GraphDriver RootFS Metadata',
  );
});
