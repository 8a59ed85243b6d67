# bash completion for netdyno: the program itself knows what may stand where.
_netdyno()
{
	local IFS=$'\n' current=${COMP_WORDS[COMP_CWORD]} words=() word
	local -a before=("${COMP_WORDS[@]:1:COMP_CWORD-1}")

	COMPREPLY=()
	# --name=value: bash has split it at the '='; hand it over as two words.
	before=("${before[@]/#=/}")
	[[ $current == "=" ]] && current=""
	local -a given=()
	for word in "${before[@]}"; do
		[[ -n $word ]] && given+=("$word")
	done
	words=($("${COMP_WORDS[0]}" __complete "${given[@]}" "$current" 2>/dev/null))
	for word in "${words[@]}"; do
		case $word in
		:file) COMPREPLY+=($(compgen -f -- "$current")) && compopt -o filenames ;;
		:directory) COMPREPLY+=($(compgen -d -- "$current")) && compopt -o filenames ;;
		*) [[ $word == "$current"* ]] && COMPREPLY+=("$word") ;;
		esac
	done
	return 0
}
complete -F _netdyno netdyno
