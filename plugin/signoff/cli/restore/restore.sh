# This part: the test itself.
mkdir -p "$(dirname "$RECORD")"
printf '%s\n' "$INTERRUPTED" > "$RECORD.$$" && mv "$RECORD.$$" "$RECORD" || refuse "$RECORD cannot be written"
say begun
started=$(date +%s.%N)
if [ "$FORMAT" != pgbackrest ]; then
    run fetch > "$work/backup" 2> "$work/fetch.log" || cannot "the backup cannot be fetched: $(why "$work/fetch.log")"
    bytes=$(wc -c < "$work/backup" | tr -d ' ')
    [ "$bytes" = "$BYTES" ] || cannot "$bytes bytes were fetched, and the backup has $BYTES"
    hashed() { exec sha256sum < "$work/backup" > "$work/sha256"; }
    run hashed 2> "$work/fetch.log" || cannot "the backup cannot be read: $(why "$work/fetch.log")"
    found=$(cut -d ' ' -f 1 < "$work/sha256")
    say "sha256 $found"
    [ "$found" = "$EXPECTED" ] || failed "its sha256 is $found and not the recorded one: it was changed or is damaged"
    decrypted() { decrypt < "$work/backup" > "$work/dump"; }
    run decrypted 2> "$work/decrypt.log" || broken "it cannot be decrypted" "$work/decrypt.log" $?
    rm "$work/backup"
fi
# Text that ends in its middle is as good SQL as any.
[ "$FORMAT" != plain ] || tail -c 4096 "$work/dump" | grep -aq '^-- PostgreSQL database dump complete' ||
    failed "it does not end as pg_dump's text does: it is truncated"
# Where the server's programs would look for passwords and services on their own.
PGPASSFILE=$work/none PGSERVICEFILE=$work/none PGSYSCONFDIR=$work
export PGPASSFILE PGSERVICEFILE PGSYSCONFDIR

case $FORMAT in
basebackup)
    mkdir "$work/data"
    run tar -xf "$work/dump" -C "$work/data" 2> "$work/tar.log" || broken "it cannot be unpacked" "$work/tar.log" $?
    rm "$work/dump"
    data=$(find "$work/data" -maxdepth 3 -name PG_VERSION | awk '{ print length, $0 }' | sort -n | head -n 1 | cut -d ' ' -f 2-)
    [ -n "$data" ] || failed "it holds no data directory"
    data=$(dirname "$data")
    [ "$data" = "$work/data" ] || { mv "$data" "$work/moved" && remove "$work/data" && mv "$work/moved" "$work/data"; }
    [ ! -e "$work/data/tablespace_map" ] || cannot "it has tablespaces, which only pgBackRest restores elsewhere"
    if [ -e "$work/data/backup_manifest" ] && [ -x "$PROGRAMS/pg_verifybackup" ]; then
        if run "$PROGRAMS/pg_verifybackup" "$work/data" > "$work/verify.log" 2>&1; then say "tool pg_verifybackup ok"
        else
            lack=$(grep -a -m 1 -E "$lacks" "$work/verify.log" | short)
            [ -z "$lack" ] || cannot "pg_verifybackup: $lack"
            say "tool pg_verifybackup found $(why "$work/verify.log")"
        fi
    fi
    ;;
pgbackrest)
    mkdir "$work/data" "$work/tablespaces"
    run list_repository > "$work/info.json" 2> "$work/info.log" && grep -qF "\"$NAME\"" "$work/info.json" ||
        cannot "pgbackrest does not see $NAME from here: $(why "$work/info.log")"
    run restore_repository "$work" > "$work/restore.log" 2>&1 || broken pgbackrest "$work/restore.log" $?
    say "tool pgbackrest ok"
    ;;
*)
    run "$PROGRAMS/initdb" -D "$work/data" -U "$ROLE" --auth=trust --encoding=UTF8 --locale=C --no-sync \
        > "$work/initdb.log" 2>&1 || cannot "initdb: $(why "$work/initdb.log")"
    ;;
esac
chmod 700 "$work/data"
case $FORMAT in basebackup | pgbackrest)
    have=$(cat "$work/data/PG_VERSION")
    case $server in *" $have"[!0-9]*) ;; *) cannot "it is of PostgreSQL $have, and $PROGRAMS is of $server" ;; esac
    # What leads out of the folder leads to the original.
    find "$work/data" -type l > "$work/links"
    while read -r link; do
        case $(readlink -f "$link") in "$work"/*) ;; *) cannot "${link#"$work/data/"} in it is a link that leads elsewhere" ;; esac
    done < "$work/links"
    # Settings of the original could start its commands; only how to read the repository's own WAL is kept.
    kept='^$'
    [ "$FORMAT" != pgbackrest ] || kept="^(restore_command|recovery_target[a-z_]*) = "
    grep -a -E "$kept" "$work/data/postgresql.auto.conf" > "$work/kept.conf" 2> /dev/null
    mv "$work/kept.conf" "$work/data/postgresql.auto.conf"
    [ "$FORMAT" = pgbackrest ] || rm -f "$work/data/recovery.signal"
    ;;
esac
rm -f "$work/data/standby.signal" "$work/data/postmaster.pid"
printf 'local all all trust\n' > "$work/hba.conf"
: > "$work/ident.conf"
: > "$work/server.conf"
# No port, no archive, no primary to follow, no libraries and no jobs: what wakes up here must act on nothing else.
"$PROGRAMS/postgres" -D "$work/data" -c config_file="$work/server.conf" -c hba_file="$work/hba.conf" \
    -c ident_file="$work/ident.conf" -c listen_addresses= -c port=5432 -c unix_socket_directories="$socket" \
    -c unix_socket_permissions=0700 -c archive_mode=off -c archive_command= -c primary_conninfo= \
    -c primary_slot_name= -c shared_preload_libraries= -c session_preload_libraries= -c local_preload_libraries= \
    -c max_logical_replication_workers=0 -c max_wal_senders=0 -c hot_standby=off -c ssl=off -c fsync=off \
    -c full_page_writes=off -c autovacuum=off -c logging_collector=off -c max_prepared_transactions=100 \
    > "$work/server.log" 2>&1 9>&- < /dev/null &
postmaster=$!
ask() { "$PROGRAMS/psql" -X -A -t -q -v ON_ERROR_STOP=1 -h "$socket" -p 5432 -U "$ROLE" "$@"; }
until ask -d postgres -c 'SELECT 1' > /dev/null 2> "$work/ask.log"; do
    kill -0 "$postmaster" 2> /dev/null || {
        case $FORMAT in basebackup | pgbackrest) broken "the server does not start" "$work/server.log" 1 ;; esac
        cannot "the server does not start: $(why "$work/server.log")"
    }
    grep -q 'role ".*" does not exist' "$work/ask.log" && cannot "$(why "$work/ask.log"); write scratch.superuser"
    sleep 0.1 9>&-
done
there=$(ask -d postgres -c 'SHOW data_directory')
[ "$there" = "$work/data" ] || cannot "another server answers: $there"
say "server $server"

case $FORMAT in custom | plain)
    for role in $ROLES; do
        [ "$role" != "$ROLE" ] || continue
        ask -d postgres -v role="$role" 2> "$work/role.log" <<'SQL' || cannot "role $role: $(why "$work/role.log")"
CREATE ROLE :"role"
SQL
    done
    ask -d postgres -v db="$DATABASE" 2> "$work/db.log" <<'SQL' || cannot "no database: $(why "$work/db.log")"
CREATE DATABASE :"db" TEMPLATE template0
SQL
    if [ "$FORMAT" = custom ]; then
        restoring() {
            exec "$PROGRAMS/pg_restore" --exit-on-error --no-owner --no-privileges -h "$socket" -p 5432 -U "$ROLE" \
                -d "$DATABASE" "$work/dump"
        }
    else
        restoring() { ask -d "$DATABASE" -f "$work/dump" > /dev/null; }
    fi
    run restoring 2> "$work/restore.log" || broken "it cannot be restored" "$work/restore.log" $?
    rm "$work/dump"
    ;;
esac
say "restored $(date +%s.%N | awk -v from="$started" '{ printf "%.3f", $1 - from }')"

ask -d "$DATABASE" -c 'SELECT 1' > /dev/null 2> "$work/ask.log" || failed "no database $DATABASE in it: $(why "$work/ask.log")"
if [ -x "$PROGRAMS/pg_amcheck" ] &&
    [ "$(ask -d "$DATABASE" -c "SELECT 1 FROM pg_available_extensions WHERE name = 'amcheck'")" = 1 ]; then
    amcheck() { exec "$PROGRAMS/pg_amcheck" --install-missing -h "$socket" -p 5432 -U "$ROLE" -d "$DATABASE"; }
    if run amcheck > "$work/amcheck.log" 2>&1; then say "tool pg_amcheck ok"
    else say "tool pg_amcheck found $(tail -n 3 "$work/amcheck.log" | short)"; fi
fi
printf '%s\n' "$CONTENTS" > "$work/contents.sql"
counted() { ask -d "$DATABASE" -f "$work/contents.sql"; }
run counted > "$work/tables" 2> "$work/contents.log" || broken "it cannot be read" "$work/contents.log" $?
sed 's/^/table /' "$work/tables"
say done
