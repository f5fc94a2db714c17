// Completion for bash and zsh: one function of plain shell that both run prints the words that may come next, and a few lines for each
// hand them over.
import { type CompletionModel, firstWords, LISTINGS } from './model.ts';

export function bashCompletion(model: CompletionModel): string {
  return `# bash completion for skiff; load it with: source <(skiff completion bash)
${wordsFunction(model)}
_skiff() {
  local current=\${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=($(compgen -W "$(_skiff_words "\${COMP_WORDS[@]:1:COMP_CWORD-1}")" -- "$current"))
}
complete -o default -F _skiff skiff
`;
}

export function zshCompletion(model: CompletionModel): string {
  return `#compdef skiff
# zsh completion for skiff; load it with: source <(skiff completion zsh)
${wordsFunction(model)}
_skiff() {
  compadd -- $(_skiff_words "\${(@)words[2,CURRENT-1]}") || _files
}
compdef _skiff skiff
`;
}

/** \`_skiff_words WORD...\`: the words before the cursor in, one candidate per word out. */
function wordsFunction(model: CompletionModel): string {
  const quoted = (names: string[]): string => names.map((name) => `'${name}'`).join('|');
  const topicNames = model.topics.map(({ name }) => name);
  const cases = [
    `    '') echo ${[...firstWords(model), ...model.globalFlags].join(' ')} ;;`,
    ...model.topics.map(({ name, commands }) => `    '${name}') echo ${commands.join(' ')} ;;`),
    ...model.commands.map(({ names, flags }) => `    ${quoted(names)}) echo ${[...flags.map(({ long }) => long), '--help'].join(' ')} ;;`),
  ];
  const listings = (Object.keys(LISTINGS) as (keyof typeof LISTINGS)[]).flatMap((kind) => {
    const names = model.commands.filter(({ takes }) => takes === kind).flatMap((command) => command.names);
    return names.length === 0 ? [] : [`    ${quoted(names)}) ${LISTINGS[kind]} ;;`];
  });
  return `_skiff_words() {
  local command=
  while [ $# -gt 0 ]; do
    case "$1" in
      ${model.valuedGlobalFlags.join('|')}) [ $# -gt 1 ] && shift ;;
      -*) ;;
      *)
        command="\${command:+$command }$1"
        case "$command" in
          ${quoted(topicNames.length > 0 ? topicNames : [''])}) ;;
          *) break ;;
        esac
        ;;
    esac
    shift
  done
  case "$command" in
${cases.join('\n')}
  esac
  case "$command" in
${[...listings, '    *) ;;'].join('\n')}
  esac
}
`;
}
