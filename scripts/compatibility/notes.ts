// What the tables of docs/compatibility.md say beyond "works", and why whole commands are not there.

/** By `command --flag`, the command under its first name. */
export const NOTES: Readonly<Record<string, string>> = {
  'container run --network': '`none`, `host`, `bridge`, `container:NAME`; networks of your own are not there yet',
  'container create --network': '`none`, `host`, `bridge`, `container:NAME`; networks of your own are not there yet',
  'container exec --detach-keys': 'leaving an attached command hangs it up; with `-d` it stays',
  'inspect --type': '`container` and `image`',
};

/** By the first word of the commands. */
export const NEVER: Readonly<Record<string, string>> = {
  checkpoint: 'not possible without root',
  config: 'there is no swarm',
  context: 'there is no daemon to connect to',
  node: 'there is no swarm',
  plugin: 'there is no daemon to extend',
  service: 'there is no swarm',
  stack: 'there is no swarm',
  swarm: 'there is no swarm',
  trust: 'there is no content trust',
};

/** What skiff's global options answer, where they are checked after the command line is read. */
export const REFUSED_GLOBALS: Readonly<Record<string, string>> = {
  context: 'refused: Cannot use --context: skiff has no daemon to connect to',
  host: 'refused: Cannot use --host: skiff has no daemon to connect to',
};
