#!/bin/sh
# Puts a release into place on this host; the running instance is not touched, restart it afterwards.
# Usage: deploy.sh REPOSITORY REVISION
# Needs: git; ~/srv/venv built from poetry.lock of the revision. Keeps the old release for rollback.sh.
set -eu

if [ "$#" -ne 2 ]; then
    echo "usage: deploy.sh REPOSITORY REVISION" >&2
    exit 2
fi
repository=$1
commit=$(git -C "$repository" rev-parse --verify --quiet --end-of-options "$2^{commit}") || {
    echo "deploy.sh: $repository does not know $2" >&2
    exit 1
}
python=$HOME/srv/venv/bin/python
current=$HOME/srv/shop
new=$HOME/srv/shop.new
previous=$HOME/srv/shop.previous

rm -rf "$new"
mkdir -p "$new"
git -C "$repository" archive --format=tar --output="$new/release.tar" "$commit"
"$python" -m tarfile -e "$new/release.tar" "$new"
# The archive stays: its digest is in the release's manifest, and proves later what was put into place.

deployed=$(cd "$new" && "$python" -B -c 'from shop.build import COMMIT; print(COMMIT)')
if [ "$deployed" != "$commit" ]; then
    echo "deploy.sh: exported $deployed instead of $commit" >&2
    exit 1
fi
if [ -f "$current/.env" ]; then
    cp -p "$current/.env" "$new/.env"
fi

rm -rf "$previous"
if [ -d "$current" ]; then
    mv "$current" "$previous"
fi
mv "$new" "$current"
echo "$commit"
