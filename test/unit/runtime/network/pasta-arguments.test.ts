import { macAddress, pastaPlans } from '../../../../src/runtime/network/pasta-arguments.ts';
import type { PortSpec } from '../../../../src/runtime/network/ports.ts';

const subnet = { address: '10.99.0.2', gateway: '10.99.0.1', forward: '10.99.0.3', prefix: 24 } as const;
const host = { ipv6Interface: undefined, hostAddress: '192.0.2.9', subnet };
const base = { host, ports: [] as PortSpec[], ipv6: true, interfaceName: 'eth0', netnsPath: '/run/netns/x', forwardsDns: false };
const first = (more: Partial<Parameters<typeof pastaPlans>[0]> = {}): string =>
  (pastaPlans({ ...base, ...more })[0]?.arguments ?? []).join(' ');

test('an IPv4 host gets one plan, with lo as the template that old releases ask for', () => {
  expect(pastaPlans(base)).toHaveLength(1);
  expect(first()).toBe(
    '--foreground --quiet --config-net --no-map-gw --no-dhcp --no-dhcpv6 --no-ra --no-netns-quit' +
      ' -I eth0 --ns-mac-addr 02:42:0a:63:00:02 -i lo -M 02:42:00:00:00:01 -a 10.99.0.2 -n 24 -g 10.99.0.1 -4' +
      ' -t none -u none -T none -U none --pid /proc/self/fd/1 --netns /run/netns/x',
  );
});

test('a host with IPv6 gets both families first, and IPv4 alone if that fails', () => {
  const plans = pastaPlans({ ...base, host: { ...host, ipv6Interface: 'wlan0' } });
  expect(plans.map(({ ipv6 }) => ipv6)).toEqual([true, false]);
  expect(plans[0]?.arguments.join(' ')).toContain(
    '-i wlan0 -M 02:42:00:00:00:01 -a 10.99.0.2 -n 24 -g 10.99.0.1 -a fd5c:1f5f:99::2 -g fd5c:1f5f:99::1 -t',
  );
  expect(pastaPlans({ ...base, ipv6: false, host: { ...host, ipv6Interface: 'wlan0' } }).map(({ ipv6 }) => ipv6)).toEqual([false]);
});

test('a port published on an IPv6 address is never left out for a plan without IPv6', () => {
  const ports: PortSpec[] = [{ proto: 'tcp', hostIp: '::1', hostPort: 8080, containerPort: 80 }];
  expect(pastaPlans({ ...base, ports }).map(({ ipv6 }) => ipv6)).toEqual([true]);
  expect(first({ ports })).toContain('-t ::1/8080:80 -u none');
});

test('each port is an option of its own', () => {
  const ports: PortSpec[] = [
    { proto: 'tcp', hostIp: '', hostPort: 8080, containerPort: 80 },
    { proto: 'udp', hostIp: '127.0.0.1', hostPort: 5353, containerPort: 53 },
    { proto: 'tcp', hostIp: '192.0.2.9', hostPort: 8081, containerPort: 81 },
  ];
  expect(first({ ports })).toContain(' -t 8080:80 -t 192.0.2.9/8081:81 -u 127.0.0.1/5353:53 -T none -U none ');
});

test('queries are forwarded only when asked for', () => {
  expect(first({ forwardsDns: true })).toContain(' -g 10.99.0.1 --dns-forward 10.99.0.3 -4 ');
});

test('the hardware address follows the IPv4 address, as that of Docker does', () => {
  expect(macAddress('172.17.0.2')).toBe('02:42:ac:11:00:02');
});
