import { allFlags, type Completed, type Vocabulary } from './vocabulary';

/** For fish: one `complete` a word and a flag, each under the words that have to stand before it. */
export function fishScript(vocabulary: Vocabulary): string {
  const withValue = allFlags(vocabulary).filter(({ takes }) => takes !== 'nothing');
  return `# Completion of plexctl for fish. To have it: plexctl completion fish > ~/.config/fish/completions/plexctl.fish
function __plexctl_at --description 'Whether the words before the cursor, without flags, are these'
    set -l path
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip -eq 1
            set skip 0
            continue
        end
        switch $word
            case ${withValue.map(({ name }) => name).join(' ')}
                set skip 1
            case '-*'
            case '*'
                set -a path $word
        end
    end
    if test (count $path) -gt 0; and test "$path[1]" = help
        set -e path[1]
    end
    test "$path" = "$argv"
end

complete -c plexctl -f
${vocabulary.words.flatMap(({ after, next }) => next.map(({ word, summary }) => `complete -c plexctl -n ${at(after)} -a ${quoted(word)} -d ${quoted(summary)}\n`)).join('')}${vocabulary.commands.flatMap(({ path, flags }) => flags.map((flag) => `complete -c plexctl -n ${at(path)} ${flagText(flag)}\n`)).join('')}${vocabulary.everywhere.map((flag) => `complete -c plexctl ${flagText(flag)}\n`).join('')}`;
}

const at = (path: string): string => quoted(`__plexctl_at ${path}`.trimEnd());

function flagText({ name, summary, takes }: Completed): string {
  return `-l ${name.slice(2)}${offer(takes)} -d ${quoted(summary)}`;
}

function offer(takes: Completed['takes']): string {
  if (typeof takes !== 'string') return ` -x -a ${quoted(takes.join(' '))}`;
  if (takes === 'nothing') return '';
  if (takes === 'text') return ' -x';
  return takes === 'file' ? ' -r -F' : " -x -a '(__fish_complete_directories)'";
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
