import { checkDriverOptions, checkNetworkOptions, isTrue } from '../../../src/engine/network-options.ts';

test('the options that mean something here are taken', () => {
  const bridge = 'com.docker.network.bridge.';
  expect(() =>
    checkNetworkOptions({
      [`${bridge}name`]: 'lab0',
      [`${bridge}enable_icc`]: 'False',
      [`${bridge}enable_ip_masquerade`]: '1',
      [`${bridge}host_binding_ipv4`]: '127.0.0.1',
      [`${bridge}gateway_mode_ipv4`]: 'nat',
      'com.docker.network.driver.mtu': '1400',
      'com.docker.network.container_iface_prefix': 'net',
    }),
  ).not.toThrow();
  expect(() => checkDriverOptions({ 'com.docker.network.endpoint.ifname': 'lan0' })).not.toThrow();
});

test.each([
  [{ 'com.docker.network.endpoint.ifname': 'a/b' }, 'Invalid driver option "com.docker.network.endpoint.ifname=a/b": an interface name'],
  [{ 'com.docker.network.endpoint.sysctls': 'x' }, 'not supported: sysctls are given to the container with --sysctl'],
  [{ colour: 'red' }, 'Unknown driver option "colour"'],
  [{ constructor: 'x' }, 'Unknown driver option "constructor"'],
])('the endpoint option %j is refused as a run is', (options, message) => {
  expect(() => checkDriverOptions(options)).toThrow(expect.objectContaining({ message: expect.stringContaining(message), exitCode: 125 }));
});

test('what is true is what Go takes for true', () => {
  expect(['1', 't', 'TRUE', 'True', '0', 'false', ''].map(isTrue)).toEqual([true, true, true, true, false, false, false]);
});
