// Every call of a test has a deadline of its own that says what hung; this one is only the last resort.
jest.setTimeout(180_000);
