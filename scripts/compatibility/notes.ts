// What the tables of docs/compatibility.md say beyond "works".

/** By `command --flag`, the command under its first name. */
export const NOTES: Readonly<Record<string, string>> = {
  'container run --network': '`none`, `host`, `bridge`, `container:NAME`; networks of your own are not there yet',
  'container create --network': '`none`, `host`, `bridge`, `container:NAME`; networks of your own are not there yet',
  'inspect --type': '`container` and `image`',
};

/** What skiff's global options answer, where they are checked after the command line is read. */
export const REFUSED_GLOBALS: Readonly<Record<string, string>> = {
  context: 'refused: Cannot use --context: skiff has no daemon to connect to',
  host: 'refused: Cannot use --host: skiff has no daemon to connect to',
};
