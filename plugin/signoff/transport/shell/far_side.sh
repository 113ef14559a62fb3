# What a shell on a host is taught before its first command. Comments and indentation are not sent.
#
# Each of so_run, so_script and so_secret takes: number, seconds, whole seconds, bytes of output, text of the command
# (and the secret), and ends with one frame on each stream. @NONCE@ ends every answer and is known to this shell alone:
# neither a command line nor an environment shows it, so that a list of processes cannot be taken for an end.

# Known locale for parsers of output; sbin because tools such as `ss` live there and plain users lack it.
LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"; export LC_ALL PATH
so_nonce=@NONCE@ so_mark=@MARK@
exec 5>&1

# One command: each stream goes through `head`, which bounds it, and which ends when the last writer has closed its
# end: late output of a background child stays with its command. The exit status travels on a descriptor of its own.
so_pipes='2>&6 3>&- 4>&- 6>&-); echo $? >&4; } 6>&1 2>/dev/null >&3 3>&- | head -c "$2" >&2 4>&-; } 3>&1 | head -c "$2" 4>&-'
so_one='{ { (exec /bin/sh -c "$1" '$so_pipes
so_many='{ { (exec /bin/sh -s '$so_pipes

# What left its process group (setsid) or ignores TERM is found by a mark in its environment.
so_find() { grep -ls "SIGNOFF_COMMAND=$so_mark[.]$so_number[.]" /proc/[0-9]*/environ; }
so_kill() { for so_file in $(so_find); do so_file=${so_file%/environ}; kill -KILL "${so_file#/proc/}"; done; }
so_sweep() {
    [ -r /proc/self/environ ] && [ -n "$(so_find)" ] || return 0
    sleep 1
    for so_round in 1 2 3; do so_kill; [ -n "$(so_find)" ] || return 0; done
}

# Where there is no timeout(1), a watchdog of our own ends the command.
so_watched() {
    so_limit=$1; shift
    (trap 'kill $so_sleep' TERM; sleep "$so_limit" & so_sleep=$!; wait $so_sleep && so_kill) <&- >/dev/null 2>&1 4>&- 5>&- &
    so_watchdog=$!
    SIGNOFF_COMMAND=$so_mark.$so_number. "$@"
    set -- $?
    kill "$so_watchdog" 2>/dev/null
    return "$1"
}

so_start='SIGNOFF_COMMAND=$so_mark.$so_number. timeout -k 1'
so_kind=$(timeout -k 1 1.5 echo fine || timeout -k 1 5 echo whole)
case $so_kind in
fine) so_start="$so_start \"\$2\"" ;;
whole) so_start="$so_start \"\$3\"" ;;
*) so_start='so_watched "$3"' ;;
esac

so_end() {
    [ "$1" = 0 ] || so_sweep >/dev/null 2>&1
    printf '%s %s %s %s\n' "$so_nonce" "$so_number" "$1" "$so_status"
    printf '%s %s\n' "$so_nonce" "$so_number" >&2
}
so_rest='-c "$so_one" /bin/sh "$5" "$4" 4>&1 >&5 5>&-'
eval "
so_run() {
    so_number=\$1
    so_status=\$($so_start /bin/sh $so_rest </dev/null)
    so_end \$?
}
so_secret() {
    so_number=\$1
    so_status=\$(printf '%s\\n' \"\$6\" | $so_start /bin/sh $so_rest)
    so_end \$?
}
so_script() {
    so_number=\$1
    so_status=\$(printf '%s\\n' \"\$5\" | $so_start /bin/sh -c \"\$so_many\" /bin/sh - \"\$4\" 4>&1 >&5 5>&-)
    so_end \$?
}"
so_number=0 so_status=$so_kind
so_end 0
