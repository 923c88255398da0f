import { allFlags, type Completed, type Vocabulary } from './vocabulary';

/** For zsh's own completion system; the words of the line are in `words`, the one to complete at `CURRENT`. */
export function zshScript(vocabulary: Vocabulary): string {
  const withValue = allFlags(vocabulary).filter(({ takes }) => takes !== 'nothing');
  return `#compdef plexctl
# Completion of plexctl for zsh. To have it: plexctl completion zsh > "\${fpath[1]}/_plexctl", in a folder of fpath.
_plexctl() {
  local word path_words='' skip='' index
  for ((index = 2; index < CURRENT; index++)); do
    word=\${words[index]}
    if [[ -n $skip ]]; then
      skip=''
      continue
    fi
    case $word in
      (${withValue.map(({ name }) => name).join('|')}) skip=1 ;;
      (-*) ;;
      (*) path_words+="\${path_words:+ }$word" ;;
    esac
  done
  if [[ $path_words == help ]]; then path_words=''; else path_words=\${path_words#help }; fi

  local previous=\${words[CURRENT-1]}
  if [[ \${words[CURRENT]} == --*=* ]]; then
    previous=\${words[CURRENT]%%=*}
    compset -P '*='
  fi
  case $previous in
${withValue.map(({ name, takes }) => `    (${name}) ${offer(takes)}; return ;;\n`).join('')}  esac

  local -a offered=()
  case $path_words in
${vocabulary.words.map(({ after, next }) => `    ('${after}') offered=(${next.map(({ word, summary }) => described(word, summary)).join(' ')}) ;;\n`).join('')}${vocabulary.commands
    .filter(({ flags }) => flags.length > 0)
    .map(commandCase)
    .join('')}  esac
  if [[ \${words[CURRENT]} == -* ]]; then
    offered+=(${flagsOf(vocabulary.everywhere)})
  fi
  (( \${#offered} )) && _describe plexctl offered
}
if [[ \${funcstack[1]} == _plexctl ]]; then _plexctl "$@"; else compdef _plexctl plexctl; fi
`;
}

const commandCase = ({ path, flags }: Vocabulary['commands'][number]): string =>
  `    ('${path}') offered=(${flagsOf(flags)}) ;;\n`;

const flagsOf = (flags: readonly Completed[]): string =>
  flags.map(({ name, summary }) => described(name, summary)).join(' ');

/** `word:what it is`, in which a colon of the word would end it. */
const described = (word: string, summary: string): string =>
  `'${word.replaceAll(':', '\\:')}:${summary.replaceAll("'", "'\\''")}'`;

function offer(takes: Completed['takes']): string {
  if (typeof takes !== 'string') return `compadd -- ${takes.join(' ')}`;
  if (takes === 'file') return '_files';
  return takes === 'folder' ? '_files -/' : ':';
}
