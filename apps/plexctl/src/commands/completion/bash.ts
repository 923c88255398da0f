import { allFlags, type Completed, type Vocabulary } from './vocabulary';

/**
 * For bash 3.2 (which macOS has) and later. Its words are those of the line, except that bash breaks them at `:` and
 * `=` as well, so a scope comes in three pieces: they are put together first.
 */
export function bashScript(vocabulary: Vocabulary): string {
  const flags = allFlags(vocabulary);
  return `# Completion of plexctl for bash. To have it in this shell: source <(plexctl completion bash)
_plexctl() {
  local -a line=()
  local word glue='' path='' skip='' index=1
  while ((index <= COMP_CWORD)); do
    word=\${COMP_WORDS[index]}
    if [[ ( -n $glue || $word == : || $word == = ) && \${#line[@]} -gt 0 ]]; then
      line[\${#line[@]}-1]+=$word
    else
      line+=("$word")
    fi
    glue=''
    if [[ $word == : || $word == = ]]; then glue=1; fi
    ((index++))
  done
  local count=\${#line[@]}
  local current=\${line[count-1]} previous=''
  if ((count > 1)); then previous=\${line[count-2]}; fi
  if [[ $current == --*=* ]]; then
    previous=\${current%%=*}
    current=\${current#*=}
  fi

  COMPREPLY=()
  case $previous in
${flags
  .filter(({ takes }) => takes !== 'nothing')
  .map(valueCase)
  .join('')}  esac

  for ((index = 0; index < count - 1; index++)); do
    word=\${line[index]}
    if [[ -n $skip ]]; then
      skip=''
      continue
    fi
    case $word in
      ${names(flags.filter(({ takes }) => takes !== 'nothing')).join('|')}) skip=1 ;;
      -*) ;;
      *) path+="\${path:+ }$word" ;;
    esac
  done
  if [[ $path == help ]]; then path=''; else path=\${path#help }; fi

  local offered=''
  case $path in
${vocabulary.words.map(({ after, next }) => `    '${after}') offered='${next.map(({ word }) => word).join(' ')}' ;;\n`).join('')}${vocabulary.commands.map(commandCase).join('')}  esac
  if [[ $current == -* ]]; then offered+=' ${names(vocabulary.everywhere).join(' ')}'; fi
  COMPREPLY=($(compgen -W "$offered" -- "$current"))
}
complete -F _plexctl plexctl
`;
}

const names = (flags: readonly Completed[]): string[] => flags.map(({ name }) => name);

const commandCase = ({ path, flags }: Vocabulary['commands'][number]): string =>
  flags.length === 0 ? '' : `    '${path}') offered='${names(flags).join(' ')}' ;;\n`;

function valueCase({ name, takes }: Completed): string {
  return `    ${name})\n${offer(takes)}      return\n      ;;\n`;
}

function offer(takes: Completed['takes']): string {
  if (takes === 'text' || takes === 'nothing') return '';
  if (typeof takes !== 'string') return `      COMPREPLY=($(compgen -W '${takes.join(' ')}' -- "$current"))\n`;
  const kind = takes === 'file' ? '-f' : '-d';
  // A name may have blanks in it: one a line, and bash is told to escape them.
  return (
    `      local IFS=$'\\n'\n` +
    `      COMPREPLY=($(compgen ${kind} -- "$current"))\n` +
    `      compopt -o filenames 2>/dev/null\n`
  );
}
