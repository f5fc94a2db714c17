// A Dockerfile as it is written: stages, instructions, flags, heredocs, each with its place. Words are raw: quotes and variables are
// resolved when the stage is built, where the values of ARG and ENV are known. Types alone.

/** 1-based; columns count characters. */
export interface Place {
  line: number;
  column: number;
}

export interface Span {
  start: Place;
  /** The last line that belongs to it, heredocs included. */
  end: Place;
}

export interface Dockerfile {
  /** As messages show it. */
  name: string;
  /** The text's lines without their ends, for messages. */
  lines: string[];
  directives: { syntax?: string | undefined; escape: '\\' | '`'; check?: CheckOptions | undefined };
  /** Joined lines that have an empty one in them, for the lint rule. */
  emptyContinuations: Span[];
  /** ARGs before the first FROM. */
  globalArgs: ArgInstruction[];
  stages: Stage[];
}

/** `# check=`: rules by name; `all` stands for every one. */
export interface CheckOptions {
  skip: string[];
  /** Rules that only hold when asked for. */
  experimental: string[];
  /** A note fails the build. */
  error: boolean;
}

export interface Stage {
  index: number;
  /** The FROM line as written, lines joined. */
  original: string;
  /** Lower case; undefined without AS. */
  name?: string | undefined;
  /** Raw word. */
  base: string;
  /** Raw word of --platform. */
  platform?: string | undefined;
  instructions: Instruction[];
  /** Of the FROM line. */
  span: Span;
  /** Lines of the comment right above it. */
  comments: string[];
  /** Of a comment right above it that begins with the stage's name, what follows: for `--call targets`. */
  comment?: string | undefined;
}

/** `<<EOF`: its text is expanded unless its word was quoted. */
export interface Heredoc {
  /** The word, without quotes: its file name in COPY. */
  name: string;
  text: string;
  isExpanded: boolean;
  /** `<<-`: tabs at the beginnings of lines are gone from `text` already. */
  isChomped: boolean;
  /** The descriptor it was written for (`3<<EOF`), 0 mostly. */
  descriptor: number;
}

interface Common {
  span: Span;
  /** The instruction as written, lines joined, for progress and history. */
  original: string;
  /** Lines of the comment right above it. */
  comments: string[];
}

/** Exec form: the words. Shell form: one line. */
export type CommandLine = { form: 'exec'; words: string[] } | { form: 'shell'; line: string };

export interface RunInstruction extends Common {
  kind: 'run';
  command: CommandLine;
  heredocs: Heredoc[];
  /** Raw values of --mount, in order; read by `parseRunMount`. */
  mounts: string[];
  /** Raw. */
  network?: string | undefined;
  security?: string | undefined;
  devices: string[];
}

export interface CopyInstruction extends Common {
  kind: 'copy' | 'add';
  /** Raw words; those that name heredocs are in `heredocs` instead. */
  sources: string[];
  dest: string;
  heredocs: Heredoc[];
  /** All raw. */
  from?: string | undefined;
  chown?: string | undefined;
  chmod?: string | undefined;
  checksum?: string | undefined;
  exclude: string[];
  link: boolean;
  parents: boolean;
  keepGitDir: boolean;
  unpack?: boolean | undefined;
}

export interface PairsInstruction extends Common {
  kind: 'env' | 'label';
  /** Raw name and value. `isOld`: the form without `=`. */
  pairs: { name: string; value: string }[];
  isOld: boolean;
}

export interface ArgInstruction extends Common {
  kind: 'arg';
  /** Raw. */
  args: { name: string; value?: string | undefined; comment?: string | undefined }[];
}

export interface CommandInstruction extends Common {
  kind: 'cmd' | 'entrypoint';
  command: CommandLine;
}

export interface ShellInstruction extends Common {
  kind: 'shell';
  words: string[];
}

export interface WordsInstruction extends Common {
  kind: 'expose' | 'volume';
  /** Raw. */
  words: string[];
}

export interface WordInstruction extends Common {
  kind: 'user' | 'workdir' | 'stopsignal' | 'maintainer';
  /** Raw. */
  word: string;
}

export interface HealthcheckInstruction extends Common {
  kind: 'healthcheck';
  /** What follows the word HEALTHCHECK, checked. */
  text: string;
}

export interface OnbuildInstruction extends Common {
  kind: 'onbuild';
  /** The trigger as it goes into the image; read by `parseTrigger` when an image is built on it. */
  trigger: string;
}

export type Instruction =
  | RunInstruction
  | CopyInstruction
  | PairsInstruction
  | ArgInstruction
  | CommandInstruction
  | ShellInstruction
  | WordsInstruction
  | WordInstruction
  | HealthcheckInstruction
  | OnbuildInstruction;

/** A note of `--check`; `rule` is BuildKit's name of it. */
export interface LintNote {
  rule: string;
  message: string;
  url: string;
  span: Span;
}
