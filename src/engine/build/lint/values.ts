// Rules that look at one value: names that sound secret, ports that name more than a port.
import type { Span, WordsInstruction } from '../../dockerfile/ast.ts';
import { splitPort } from '../../dockerfile/expose.ts';
import type { Report } from './rules.ts';

const wordIn = (words: string[]): RegExp => new RegExp(`(?:_|^)(?:${words.join('|')})(?:_|$)`, 'i');
const SECRET = wordIn(['apikey', 'auth', 'credential', 'credentials', 'key', 'password', 'pword', 'passwd', 'secret', 'token']);
// A key that is public, a file that holds one, the version of a tool.
const HARMLESS = wordIn(['public', 'file', 'version']);

export function lintSecretName({ what, name, span }: { what: 'ARG' | 'ENV'; name: string; span: Span }, report: Report): void {
  if (!SECRET.test(name) || HARMLESS.test(name)) return;
  report('SecretsUsedInArgOrEnv', span, `Do not use ARG or ENV instructions for sensitive data (${what} ${JSON.stringify(name)})`);
}

export function lintExpose({ words, span }: WordsInstruction, report: Report): void {
  for (const word of words) {
    const { ip, host, protocol } = splitPort(word);
    if (protocol !== protocol.toLowerCase()) {
      report('ExposeProtoCasing', span, `Defined protocol '${word}' in EXPOSE instruction should be lowercase`);
    }
    if (ip !== '' || host !== '') {
      report('ExposeInvalidFormat', span, `EXPOSE instruction should not define an IP address or host-port mapping, found '${word}'`);
    }
  }
}
