import { deviceFlags, deviceOptions, gpus } from '../../../src/cli/flags-devices.ts';

const request = { Driver: '', Count: 0, DeviceIDs: null, Capabilities: [['gpu']], Options: {} };

test.each([
  ['all', { Count: -1 }],
  ['2', { Count: 2 }],
  ['device=0', { DeviceIDs: ['0'] }],
  ['"device=0,GPU-1"', { DeviceIDs: ['0', 'GPU-1'] }],
  ['driver=nvidia', { Driver: 'nvidia', Count: 1 }],
  ['count=3,"capabilities=compute,utility"', { Count: 3, Capabilities: [['compute', 'utility', 'gpu']] }],
  ['all,"options=a=1,b"', { Count: -1, Options: { a: '1', b: '' } }],
])('--gpus %s', (text, expected) => {
  expect(gpus(text)).toEqual({ ...request, ...expected });
});

test.each([
  ['many', 'invalid count (many): value must be either "all" or an integer'],
  ['1,2', "gpu request key 'count' can be specified only once"],
  ['1,device=0', 'cannot set both Count and DeviceIDs on device request'],
  ['colour=red', "unexpected key 'colour' in 'colour=red'"],
])('--gpus %s is refused', (text, message) => {
  expect(() => gpus(text)).toThrow(message);
});

test('--device takes nodes and the names of CDI devices, which become one request', () => {
  const { parse } = deviceFlags.device;
  const device = ['/dev/null:/dev/zero:r', 'example.com/net=a', 'example.com/net=b'].map(parse);
  expect(deviceOptions({ device, gpus: [gpus('all')] })).toEqual({
    Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/zero', CgroupPermissions: 'r' }],
    DeviceRequests: [
      { ...request, Count: -1 },
      { Driver: 'cdi', Count: 0, DeviceIDs: ['example.com/net=a', 'example.com/net=b'], Capabilities: [], Options: {} },
    ],
  });
  expect(deviceOptions({ device: [], gpus: [] })).toEqual({});
  expect(() => parse('example.com=a')).toThrow('bad device specification: example.com=a');
});
