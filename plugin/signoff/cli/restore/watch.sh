# This part: where it works, and that nothing of it outlives whoever asked for it.
work=$(mktemp -d "$FOLDER/restore-test.XXXXXXXX") || refuse "$FOLDER cannot be written to"
# A socket's path may not be long.
socket=$(mktemp -d /tmp/restore-test.XXXXXXXX) || { rmdir "$work"; refuse "/tmp cannot be written to"; }
ln -s "$socket" "$work/socket"
postmaster=
step=
clean() {
    trap - EXIT
    trap '' HUP INT PIPE TERM
    if [ -n "$step" ]; then
        kill -TERM "$step" 2> /dev/null
        sleep 0.1
        kill -KILL "$step" 2> /dev/null
    fi
    if [ -n "$postmaster" ]; then
        kill -QUIT "$postmaster" 2> /dev/null
        count=0
        while kill -0 "$postmaster" 2> /dev/null && [ $count -lt 200 ]; do count=$((count + 1)); sleep 0.05; done
        kill -KILL "$postmaster" 2> /dev/null
    fi
    remove "$work" "$socket" || say "left $work"
}
# Who started whom, from this shell up to the end of the connection: it changes when one of them is gone.
line_of_descent() {
    one=$$
    line=
    while [ "${one:-0}" -gt 1 ] && read -r stat < "/proc/$one/stat"; do
        line="$line $one"
        case ${stat#*\(} in sshd*) break ;; esac
        [ "$one" != "$CONTROLLER" ] || break
        set -- ${stat##*\) }
        one=$2
    done 2> /dev/null
}
line_of_descent
# Notices when whoever asked for this is gone, when this shell was killed, or when the time is up.
(
    trap '' HUP INT PIPE TERM
    shell=$$
    descent=$line
    end=$(($(date +%s) + SECONDS_AT_MOST))
    while kill -0 "$shell" 2> /dev/null; do
        sleep 0.5
        [ "$(date +%s)" -lt "$end" ] || { : > "$work/late"; kill -TERM "$shell"; }
        line_of_descent
        [ "$line" = "$descent" ] || kill -TERM "$shell"
    done
    end_server "$work"
    remove "$work" "$socket"
) > /dev/null 2>&1 9>&- &
watch=$!
stopped() {
    [ ! -e "$work/late" ] || say "cannot it took longer than $SECONDS_AT_MOST s, which is scratch.within"
    exit 143
}
trap 'clean; kill -KILL "$watch" 2> /dev/null; wait "$watch" 2> /dev/null' EXIT
trap stopped TERM INT HUP PIPE
# A step runs beside the shell, so that a signal ends both at once; the lock is the shell's alone.
run() { "$@" 9>&- & step=$!; wait "$step"; code=$?; step=; return $code; }

# What this host lacks says nothing about the backup.
lacks='No space left on device|Disk quota exceeded|[Oo]ut of memory|Cannot allocate memory|Too many open files|could not fork'
lacks="$lacks|extension \".*\" is not available|could not open extension control file|could not access file \"\\\$libdir"
lacks="$lacks|shared_preload_libraries|role \".*\" does not exist|unsupported version \\(.*\\) in file header"
lacks="$lacks|unrecognized configuration parameter|incompatible with server|pg_waldump.* not found|: not found"
# One line of a log: an error's own, without the statement and the rows that stand around it.
why() { { grep -a -m 1 -E '(ERROR|FATAL|PANIC|error|fatal):' "$1" || tail -n 3 "$1"; } | short; }
# broken WHAT LOG STATUS: a step did not end well.
broken() {
    lack=$(grep -a -m 1 -E "$lacks" "$2" | short)
    case $3 in 126 | 127) lack=$(why "$2") ;; esac
    [ -z "$lack" ] || cannot "$1: $lack"
    failed "$1: $(why "$2")"
}
