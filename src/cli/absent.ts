// Commands of Docker's that skiff will not have, by their first word or whole, and why: said to who types one, and in docs/compatibility.md.

export const ABSENT: Readonly<Record<string, string>> = {
  checkpoint: 'not possible without root',
  config: 'there is no swarm',
  context: 'there is no daemon to connect to',
  node: 'there is no swarm',
  plugin: 'there is no daemon to extend',
  service: 'there is no swarm',
  stack: 'there is no swarm',
  swarm: 'there is no swarm',
  'volume update': 'it is for cluster volumes, and there is no swarm',
  trust: 'there is no content trust',
};
