#!/bin/bash
# The binary is what SECURITY.md says: hardening.sh PROGRAM GROUP.  Read from its ELF headers, symbols and notes.
set -u
program=$(realpath "$1")
command -v readelf >/dev/null || { echo "skipped: needs readelf"; exit 77; }
readelf --syms --wide "$program" | grep -qE '__(asan|tsan)_init' && { echo "skipped: a sanitizer's build"; exit 77; }
failures=0
fail() { failures=$((failures + 1)); printf 'FAIL %s\n' "$*"; }
# has WHAT PATTERN OPTIONS...: readelf with these options shows the pattern.
has()
{
	local what=$1 pattern=$2
	shift 2
	readelf --wide "$@" "$program" | grep -qE -- "$pattern" || fail "$what: readelf $* does not show \"$pattern\""
}
property() { readelf --notes --wide "$1" 2>/dev/null | grep -oE 'x86 feature: IBT, SHSTK'; }

has "position-independent executable" 'Type: +DYN' --file-header
has "position-independent executable" 'FLAGS_1.* PIE' --dynamic
has "RELRO" 'GNU_RELRO' --program-headers
has "all of it" 'BIND_NOW|FLAGS_1.* NOW' --dynamic
has "stack that is not executable" 'GNU_STACK +0x[0-9a-f]+ 0x[0-9a-f]+ 0x[0-9a-f]+ 0x[0-9a-f]+ 0x[0-9a-f]+ RW ' --program-headers
has "stack protector" ' __stack_chk_fail' --dyn-syms
has "_FORTIFY_SOURCE" ' __(snprintf|vsnprintf|memcpy|read|fprintf)_chk' --dyn-syms
# gcc writes down how it was called.
if readelf --debug-dump=info "$program" 2>/dev/null | grep -m1 DW_AT_producer | grep -q 'GNU C'; then
	unprotected=$(readelf --debug-dump=info "$program" 2>/dev/null | grep DW_AT_producer | grep 'GNU C' | grep -cv -- '-fstack-clash-protection')
	[ "$unprotected" = 0 ] || fail "stack clash protection: $unprotected files were compiled without it"
fi
start=$(gcc -print-file-name=Scrt1.o)
if [ -n "$(property "$start")" ] && [ -z "$(property "$program")" ]; then
	fail "CET: $start has it, and the binary has not"
fi
echo "CET: start-up object \"$(property "$start")\", binary \"$(property "$program")\""
[ $failures = 0 ]
