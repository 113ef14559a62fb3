#!/bin/sh
# Puts the previous release back into place on this host; restart the instance afterwards.
# Usage: rollback.sh
set -eu

current=$HOME/srv/shop
previous=$HOME/srv/shop.previous
withdrawn=$HOME/srv/shop.withdrawn

if [ ! -d "$previous" ]; then
    echo "rollback.sh: there is no previous release in $previous" >&2
    exit 1
fi
rm -rf "$withdrawn"
mv "$current" "$withdrawn"
mv "$previous" "$current"
cd "$current"
"$HOME/srv/venv/bin/python" -B -c 'from shop.build import COMMIT; print(COMMIT)'
