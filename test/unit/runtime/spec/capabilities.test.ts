import {
  capabilitySet,
  DEFAULT_CAPABILITIES,
  normalizeCapability,
  processCapabilities,
} from '../../../../src/runtime/spec/capabilities.ts';

const base = { add: [], drop: [], privileged: false, lastCapability: 40 };

test("the default set is Docker's fourteen", () => {
  expect(capabilitySet(base)).toEqual([...DEFAULT_CAPABILITIES]);
  expect(DEFAULT_CAPABILITIES).toHaveLength(14);
});

test.each([
  ['net_admin', 'CAP_NET_ADMIN'],
  ['CAP_SYS_PTRACE', 'CAP_SYS_PTRACE'],
  ['cap_chown', 'CAP_CHOWN'],
  ['all', 'ALL'],
  ['CAP_ALL', 'ALL'],
])('%s is read as %s', (given, expected) => {
  expect(normalizeCapability(given)).toBe(expected);
});

test('a name that is none is refused with exit code 125', () => {
  expect(() => normalizeCapability('NET_FOO')).toThrow(
    expect.objectContaining({ message: 'Invalid capability: unknown capability "NET_FOO"', exitCode: 125 }),
  );
});

test('added ones follow the defaults, once each', () => {
  expect(capabilitySet({ ...base, add: ['NET_ADMIN', 'net_admin', 'CHOWN'] })).toEqual([...DEFAULT_CAPABILITIES, 'CAP_NET_ADMIN']);
});

test('dropping ALL and adding one leaves that one', () => {
  expect(capabilitySet({ ...base, add: ['CHOWN'], drop: ['ALL'] })).toEqual(['CAP_CHOWN']);
});

test('adding ALL gives what the kernel knows, less the dropped', () => {
  const set = capabilitySet({ ...base, add: ['ALL'], drop: ['SYS_ADMIN'], lastCapability: 37 });
  expect(set).toHaveLength(37);
  expect(set).not.toContain('CAP_SYS_ADMIN');
  expect(set).not.toContain('CAP_BPF');
});

test('privileged has all, whatever is dropped', () => {
  expect(capabilitySet({ ...base, drop: ['ALL'], privileged: true })).toHaveLength(41);
});

test('only root has its capabilities at once', () => {
  expect(processCapabilities(['CAP_KILL'], 0)).toEqual({ bounding: ['CAP_KILL'], effective: ['CAP_KILL'], permitted: ['CAP_KILL'] });
  expect(processCapabilities(['CAP_KILL'], 1000)).toEqual({ bounding: ['CAP_KILL'] });
});
