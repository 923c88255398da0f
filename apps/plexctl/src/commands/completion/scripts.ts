/**
 * What each shell needs to complete: it hands the words of the line to plexctl (offers.ts), whose table of commands is
 * the one that help is made from.
 */

/** The first word of a command line that is a shell's question, and no operator's command. */
export const COMPLETE = '__complete';

export const SCRIPTS = {
  // For bash 3.2 (which macOS has) and later.
  bash: `# Completion of plexctl for bash. To have it in this shell: source <(plexctl completion bash)
_plexctl() {
  # bash breaks words at : and = as well, so a scope comes in three pieces.
  local -a line=()
  local word glue='' index
  for ((index = 1; index <= COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    if [[ ( -n $glue || $word == : || $word == = ) && \${#line[@]} -gt 0 ]]; then
      line[\${#line[@]}-1]+=$word
    else
      line+=("$word")
    fi
    glue=''
    if [[ $word == : || $word == = ]]; then glue=1; fi
  done
  local current=\${line[\${#line[@]}-1]#--*=}
  local IFS=$'\\n'
  local offered=$("$1" ${COMPLETE} "\${line[@]}" 2>/dev/null)
  # A file's name may have blanks in it: bash is told to escape them.
  case $offered in
    file) COMPREPLY=($(compgen -f -- "$current")); compopt -o filenames 2>/dev/null ;;
    folder) COMPREPLY=($(compgen -d -- "$current")); compopt -o filenames 2>/dev/null ;;
    *) COMPREPLY=($(compgen -W "$(cut -f 1 <<<"$offered")" -- "$current")) ;;
  esac
}
complete -F _plexctl plexctl
`,

  zsh: `#compdef plexctl
# Completion of plexctl for zsh. To have it: plexctl completion zsh > "\${fpath[1]}/_plexctl", in a folder of fpath.
_plexctl() {
  local -a offered
  offered=("\${(@f)$("\${words[1]}" ${COMPLETE} "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ \${words[CURRENT]} == --*=* ]]; then compset -P '*='; fi
  case \${offered[1]} in
    (file) _files ;;
    (folder) _files -/ ;;
    (?*) offered=("\${(@)offered/$'\\t'/:}"); _describe plexctl offered ;;
  esac
}
if [[ \${funcstack[1]} == _plexctl ]]; then _plexctl "$@"; else compdef _plexctl plexctl; fi
`,

  fish: `# Completion of plexctl for fish. To have it: plexctl completion fish > ~/.config/fish/completions/plexctl.fish
function __plexctl_offered
    set -l current (commandline -ct)
    set -l offered (plexctl ${COMPLETE} (commandline -opc)[2..-1] "$current" 2>/dev/null)
    # What stands behind an equals sign is offered with all that stands before it.
    set -l assigned (string match -r -- '^--[^=]+=' "$current")
    set -l begun (string replace -r -- '^--[^=]+=' '' "$current")
    switch "$offered[1]"
        case file
            set offered (__fish_complete_path "$begun")
        case folder
            set offered (__fish_complete_directories "$begun")
    end
    for each in $offered
        echo "$assigned$each"
    end
end
complete -c plexctl -f -a '(__plexctl_offered)'
`,
} as const;
