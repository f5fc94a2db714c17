import { parseChallenges } from '../../../src/oci/challenge.ts';

it.each([
  [null, []],
  ['', []],
  ['Basic realm="closed"', [{ scheme: 'basic', parameters: { realm: 'closed' } }]],
  ['Basic', [{ scheme: 'basic', parameters: {} }]],
  [
    'Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push"',
    [
      {
        scheme: 'bearer',
        parameters: { realm: 'https://auth.example/token', service: 'registry.example', scope: 'repository:a/b:pull,push' },
      },
    ],
  ],
  [
    'Basic realm="a", Bearer realm="b", error="invalid_token"',
    [
      { scheme: 'basic', parameters: { realm: 'a' } },
      { scheme: 'bearer', parameters: { realm: 'b', error: 'invalid_token' } },
    ],
  ],
  ['Bearer REALM=plain , service = "q\\"uoted"', [{ scheme: 'bearer', parameters: { realm: 'plain', service: 'q"uoted' } }]],
])('%j', (header, challenges) => {
  expect(parseChallenges(header)).toEqual(challenges);
});
