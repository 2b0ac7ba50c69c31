"""The scripts that shells read: each asks the command that is being typed, and hands its answer to the shell.

What comes back is data: no script evaluates it.
"""

from __future__ import annotations

from typing import Final

BASH: Final = r"""# completion of %(prog_name)s for bash 4.4 or newer
%(complete_func)s() {
    local command=${1/#\~\//$HOME/} line open=0 closed=0
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            plain,*) COMPREPLY+=("${line#plain,}"); closed=1 ;;
            open,*) COMPREPLY+=("${line#open,}"); open=1 ;;
            file,*) compopt -o bashdefault -o default 2> /dev/null ;;
            dir,*) compopt -o dirnames 2> /dev/null ;;
        esac
    done < <(%(complete_var)s=bash_complete "$command" "${COMP_LINE:0:COMP_POINT}" "$2" 2> /dev/null < /dev/null)
    if (( open && ! closed )); then compopt -o nospace 2> /dev/null; fi
    return 0
}
complete -o nosort -F %(complete_func)s %(prog_name)s 2> /dev/null ||
    complete -o bashdefault -o default -F %(complete_func)s %(prog_name)s
"""

ZSH: Final = r"""#compdef %(prog_name)s
# completion of %(prog_name)s for zsh
%(complete_func)s() {
    local -a response plain plain_shown open open_shown
    local line kind value about
    response=("${(@f)$(%(complete_var)s=zsh_complete "${words[1]/#\~\//$HOME/}" \
        "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2> /dev/null < /dev/null)}")
    local -i at=1
    while (( at + 2 <= $#response )); do
        kind=$response[at] value=${(g::)response[at+1]} about=$response[at+2]
        (( at += 3 ))
        case $kind in
            plain) plain+=("$value") plain_shown+=("$about") ;;
            open) open+=("$value") open_shown+=("$about") ;;
            file) [[ $PREFIX == --*=* ]] && compset -P '*='; _files ;;
            dir) [[ $PREFIX == --*=* ]] && compset -P '*='; _files -/ ;;
        esac
    done
    (( $#open )) && compadd -l -V open -S '' -d open_shown -a -- open
    (( $#plain )) && compadd -l -V plain -d plain_shown -a -- plain
    return 0
}
if [[ $funcstack[1] == _%(prog_name)s ]]; then  # the body of a function that lies in fpath
    %(complete_func)s "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
    compdef %(complete_func)s %(prog_name)s
fi
"""

FISH: Final = r"""# completion of %(prog_name)s for fish
function %(complete_func)s
    set -l tokens (commandline -xpc 2> /dev/null; or commandline -opc)
    set -l current (commandline -ct)
    set -l command $tokens[1]
    set -e tokens[1]
    for line in (env %(complete_var)s=fish_complete $command $tokens "$current" 2> /dev/null < /dev/null)
        switch $line
            case 'plain,*' 'open,*'
                string replace -r '^[a-z]+,' '' -- $line
            case 'file,*'
                set -l before (string match -r '^--[a-z-]+=' -- "$current")
                for path in (__fish_complete_path (string replace -r '^--[a-z-]+=' '' -- "$current"))
                    echo -- "$before$path"
                end
            case 'dir,*'
                __fish_complete_directories (string replace -r '^--[a-z-]+=' '' -- "$current")
        end
    end
end
complete --command %(prog_name)s --no-files --keep-order --arguments '(%(complete_func)s)'
"""
