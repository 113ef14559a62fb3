# What a shell on a host is taught before its first command. Comments and indentation are not sent.
#
# Each of so_run and so_secret takes: number, seconds, whole seconds, bytes of output, what to run (and the secret), and
# ends with one frame on each stream. What to run is `c` and the text of one command, or `s` and a script of many.
# @NONCE@ ends every answer and is known to this shell alone: neither a command line nor an environment shows it, so
# that a list of processes cannot be taken for an end.

# Known locale for parsers of output; sbin because tools such as `ss` live there and plain users lack it.
LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"; export LC_ALL PATH
so_nonce=@NONCE@ so_mark=@MARK@
exec 5>&1

# Each stream goes through `head`, which bounds it, and which ends when the last writer has closed its end: late output
# of a background child stays with its command. The exit status travels on a descriptor of its own. The text comes by
# the environment, so that a list of processes shows no command line that holds it but the command's own; and one
# command is run with the same processes around it as a script, so that in both it sees the same list.
so_inside='so_sh=/bin/sh so_text=$SIGNOFF_TEXT so_most=$1; unset SIGNOFF_TEXT; shift
{ { case $so_text in
c*) (exec "$so_sh" -c "${so_text#c}" 2>&6 3>&- 4>&- 6>&-) ;;
*) eval "${so_text#s}" 2>&6 3>&- 4>&- 6>&- ;;
esac; echo $? >&4; } 6>&1 2>/dev/null >&3 3>&- | head -c "$so_most" >&2 4>&-; } 3>&1 | head -c "$so_most" 4>&-'

# What left its process group (setsid) or ignores TERM is found by a mark in its environment.
so_find() { grep -ls "SIGNOFF_COMMAND=$so_mark[.]$so_number[.]" /proc/[0-9]*/environ; }
so_kill() { for so_file in $(so_find); do so_file=${so_file%/environ}; kill -KILL "${so_file#/proc/}"; done; }
so_sweep() {
    [ -r /proc/self/environ ] && [ -n "$(so_find)" ] || return 0
    sleep 1
    for so_round in 1 2 3; do so_kill; [ -n "$(so_find)" ] || return 0; done
}

# Where there is no timeout(1), a watchdog of our own ends the command. So it does beside busybox's, which leaves a
# process behind that keeps all descriptors open until the time is up. Told to end before its sleep began, it exits: it would
# hold the answer back until the end of that. Told while it kills, it goes on.
so_watched() {
    so_limit=$1; shift
    (trap '[ "$so_sleep" ] || exit; kill $so_sleep' TERM; sleep "$so_limit" & so_sleep=$!; wait $so_sleep && so_kill) <&- >/dev/null 2>&1 4>&- 5>&- &
    so_watchdog=$!
    SIGNOFF_COMMAND=$so_mark.$so_number. SIGNOFF_TEXT=$so_ask "$@"
    set -- $?
    kill "$so_watchdog" 2>/dev/null
    return "$1"
}

case $(timeout --version 2>&1) in
*coreutils*) so_start='SIGNOFF_COMMAND=$so_mark.$so_number. SIGNOFF_TEXT=$so_ask timeout -k 1 "$2"' ;;
*) so_start='so_watched "$3"' ;;
esac

so_end() {
    [ "$1" = 0 ] || so_sweep >/dev/null 2>&1
    echo "$so_nonce $so_number $1 $so_status"
    echo "$so_nonce $so_number" >&2
}
so_rest='/bin/sh -c "$so_inside" /bin/sh "$4" 4>&1 >&5 5>&-'
eval "
so_run() {
    so_number=\$1 so_ask=\$5
    so_status=\$($so_start $so_rest </dev/null)
    so_end \$?
}
so_secret() {
    so_number=\$1 so_ask=\$5
    so_status=\$(printf '%s\\n' \"\$6\" | $so_start $so_rest)
    so_end \$?
}"
so_number=0 so_status=
so_end 0
