import { hostBinding } from '../../../../src/runtime/network/host-binding.ts';

const net = (Name: string, address?: string, Internal = false) => ({
  Name,
  Internal,
  Options: address ? { 'com.docker.network.bridge.host_binding_ipv4': address } : ({} as Record<string, string>),
});

test('the network of the highest priority says where ports go, of several the first by name, internal ones never', () => {
  const networks = [net('c', '127.0.0.3'), net('b', '127.0.0.2'), net('a', '127.0.0.1', true)];
  expect(hostBinding(networks, {})).toBe('127.0.0.2');
  expect(hostBinding(networks, { c: { GwPriority: 1 } })).toBe('127.0.0.3');
  expect(hostBinding(networks, { b: { GwPriority: -1 } })).toBe('127.0.0.3');
  expect(hostBinding([net('a'), ...networks], {})).toBeUndefined();
  expect(hostBinding([], {})).toBeUndefined();
});
