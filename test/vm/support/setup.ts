// Booting the machine and its slow system calls take minutes at worst.
jest.setTimeout(600_000);
