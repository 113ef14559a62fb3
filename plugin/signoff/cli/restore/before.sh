# Restores one backup into a server of its own below $FOLDER, says what came back, and leaves nothing behind.
# Its variables and the functions fetch, decrypt, restore_repository and list_repository stand before it.
# Says: begun, sha256, server, restored (seconds), tool NAME ok|found DETAIL, table JSON; then done.
# Or: refused WHY (nothing was begun), cannot WHY (nothing is known), failed WHY (the backup is no good).
# And at the end: left WHAT (could not be removed).
#
# This part: whether it may begin, and what an earlier test left when it was killed.
set -u
umask 077
say() { printf '%s\n' "$*"; }
refuse() { say "refused $*"; exit 0; }
cannot() { say "cannot $*"; exit 0; }
failed() { say "failed $*"; exit 0; }
short() { tr '\n' ' ' | cut -c 1-300; }
unset PGHOST PGHOSTADDR PGPORT PGUSER PGPASSWORD PGDATABASE PGOPTIONS PGDATA PGSSLMODE PGTARGETSESSIONATTRS

START=$(pwd)
case $RECORD in /*) ;; *) RECORD=$START/$RECORD ;; esac
case $PROGRAMS in /*) ;; *) PROGRAMS=$START/$PROGRAMS ;; esac
cd "$FOLDER" 2> /dev/null || refuse "$FOLDER: no such folder, or no right to enter it"
FOLDER=$(pwd -P)
[ -O "$FOLDER" ] && [ -w "$FOLDER" ] || refuse "$FOLDER belongs to another account; make one for this alone"
[ -z "$(find "$FOLDER" -maxdepth 0 -perm /022)" ] || refuse "others may write into $FOLDER: chmod go-w"
up=$FOLDER
while [ "$up" != / ]; do
    [ ! -e "$up/PG_VERSION" ] || refuse "$up is the data directory of a server"
    up=$(dirname "$up")
done
for each in flock mktemp sha256sum df find $TOOLS; do
    (cd "$START" && command -v "$each") > /dev/null || refuse "$each is not installed there"
done
for each in $SERVER_PROGRAMS; do
    [ -x "$PROGRAMS/$each" ] || refuse "$PROGRAMS/$each is not there"
done
case $(date +%N) in '' | *[!0-9]*) refuse "its date is not GNU's" ;; esac
server=$("$PROGRAMS/postgres" --version 2> /dev/null) || refuse "$PROGRAMS/postgres does not start"
exec 9> "$FOLDER/.restore-test.lock"
flock -n 9 || refuse "another restore test is under way in $FOLDER"

# Ends the server of that folder, and no other process that has come to bear its number.
end_server() {
    [ -s "$1/data/postmaster.pid" ] || return 0
    read -r pid < "$1/data/postmaster.pid"
    case $pid in '' | *[!0-9]*) return 0 ;; esac
    tr '\0' '\n' 2> /dev/null < "/proc/$pid/cmdline" | grep -qxF "$1/data" || return 0
    kill -QUIT "$pid" 2> /dev/null
    count=0
    while kill -0 "$pid" 2> /dev/null && [ $count -lt 100 ]; do count=$((count + 1)); sleep 0.1; done
    kill -KILL "$pid" 2> /dev/null
}
# A backup may hold folders that even their owner may not write to, and a server may write its last while it ends.
remove() { rm -rf "$@" 2> /dev/null || { sleep 0.5; chmod -R u+rwX "$@" 2> /dev/null; rm -rf "$@" 2> /dev/null; }; }
# Whoever holds the lock is alone: what lies here was left by a test that was killed.
for old in "$FOLDER"/restore-test.*; do
    [ -d "$old" ] && [ ! -L "$old" ] && [ -O "$old" ] || continue
    end_server "$old"
    name=$(readlink "$old/socket")
    case ${name#/tmp/restore-test.} in '' | *[!A-Za-z0-9]*) ;; *) [ ! -O "$name" ] || remove "$name" ;; esac
    remove "$old" || refuse "$old was left by a test that was killed, and cannot be removed; remove it"
done
free=$(df -Pk "$FOLDER" | awk 'NR == 2 { print $4 }')
[ "$free" -ge "$NEEDED_KIB" ] || refuse "$free KiB are free in $FOLDER, $NEEDED_KIB are needed"
