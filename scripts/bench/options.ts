// What `npm run bench -- …` takes.
export interface BenchOptions {
  /** Also write the rows as JSON to this file. */
  json?: string;
  /** Only rows whose names contain this. */
  only?: string;
  /** Few rounds. */
  quick: boolean;
}

export function parseOptions(args: string[]): BenchOptions {
  const parsed: BenchOptions = { quick: false };
  for (let word = args.shift(); word !== undefined; word = args.shift()) {
    if (word === '--quick') parsed.quick = true;
    else if (word === '--json') parsed.json = args.shift();
    else if (word === '--only') parsed.only = args.shift();
    else throw new Error(`bench: unknown option "${word}" (--json FILE, --only WORD, --quick)`);
  }
  return parsed;
}
