import { mergeConfig } from '../../../../src/engine/create/merge.ts';
import type { CreateConfig } from '../../../../src/engine/create/options.ts';
import type { ImageRunConfig } from '../../../../src/storage/records.ts';

const image: ImageRunConfig = {
  User: 'app',
  ExposedPorts: { '80/tcp': {} },
  Env: ['PATH=/bin', 'A=image'],
  Entrypoint: ['/entry'],
  Cmd: ['serve'],
  Volumes: { '/data': {} },
  WorkingDir: '/srv',
  Labels: { a: 'image', b: 'image' },
  StopSignal: 'SIGQUIT',
  Healthcheck: { Test: ['CMD', 'true'], Interval: 5, Retries: 3 },
};
const merge = (user: Partial<CreateConfig>, from: ImageRunConfig = image) => mergeConfig({ Image: 'x', ...user }, from);

test('what the user leaves out is the image’s', () => {
  expect(merge({})).toEqual({
    Hostname: '',
    Domainname: '',
    User: 'app',
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    ExposedPorts: { '80/tcp': {} },
    Tty: false,
    OpenStdin: false,
    StdinOnce: false,
    Env: ['PATH=/bin', 'A=image'],
    Cmd: ['serve'],
    Healthcheck: { Test: ['CMD', 'true'], Interval: 5, Retries: 3 },
    Image: 'x',
    Volumes: { '/data': {} },
    WorkingDir: '/srv',
    Entrypoint: ['/entry'],
    OnBuild: null,
    Labels: { a: 'image', b: 'image' },
    StopSignal: 'SIGQUIT',
  });
});

test.each([
  [{}, { Entrypoint: ['/entry'], Cmd: ['serve'] }],
  [{ Cmd: ['sh'] }, { Entrypoint: ['/entry'], Cmd: ['sh'] }],
  [{ Entrypoint: ['/mine'] }, { Entrypoint: ['/mine'], Cmd: null }],
  [
    { Entrypoint: ['/mine'], Cmd: ['x'] },
    { Entrypoint: ['/mine'], Cmd: ['x'] },
  ],
  [
    { Entrypoint: [''], Cmd: ['sh'] },
    { Entrypoint: null, Cmd: ['sh'] },
  ],
])('the command for %j', (user, expected) => {
  expect(merge(user)).toMatchObject(expected);
});

test.each<[Partial<CreateConfig>, ImageRunConfig]>([
  [{}, {}],
  [{ Entrypoint: [''] }, image],
  [{}, { Entrypoint: [], Cmd: [] }],
])('nothing to run: %j of %j', (user, from) => {
  expect(() => merge(user, from)).toThrow(expect.objectContaining({ message: 'No command specified', exitCode: 125 }));
});

test('the user’s variables come first and win; one without a value removes the image’s', () => {
  expect(merge({ Env: ['B=1', 'A=user'] }).Env).toEqual(['B=1', 'A=user', 'PATH=/bin']);
  expect(merge({ Env: ['A'] }).Env).toEqual(['A', 'PATH=/bin']);
});

test('labels, ports and volumes are joined', () => {
  const merged = merge({ Labels: { b: 'user', c: 'user' }, ExposedPorts: { '90/udp': {} }, Volumes: { '/more': {} } });
  expect(merged.Labels).toEqual({ a: 'image', b: 'user', c: 'user' });
  expect(merged.ExposedPorts).toEqual({ '80/tcp': {}, '90/udp': {} });
  expect(merged.Volumes).toEqual({ '/data': {}, '/more': {} });
});

test('a health check is filled from the image’s, or turned off', () => {
  expect(merge({ Healthcheck: { Interval: 9 } }).Healthcheck).toEqual({ Test: ['CMD', 'true'], Interval: 9, Retries: 3 });
  expect(merge({ Healthcheck: { Test: ['NONE'] } }).Healthcheck?.Test).toEqual(['NONE']);
});

test('user, folder, stop signal and timeout are the user’s when given', () => {
  expect(merge({ User: '0', WorkingDir: '/w', StopSignal: 'SIGINT', StopTimeout: 0 })).toMatchObject({
    User: '0',
    WorkingDir: '/w',
    StopSignal: 'SIGINT',
    StopTimeout: 0,
  });
});
