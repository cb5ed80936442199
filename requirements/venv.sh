#!/bin/sh
# Makes the virtual environment with the newest suitable Python. Says in one line what is missing.
# Tried first: the versions that the locks were made for. A name on the path proves nothing (version managers put stubs there), so each candidate is run.
set -eu
venv="$1"

if [ -x "$venv/bin/python" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    exit 0
fi

suits='import sys; sys.exit(sys.version_info < (3, 11))'
found=''
for name in ${PYTHON:-} python3.14 python3.13 python3.12 python3.11 python3 python python3.15; do
    if command -v "$name" >/dev/null 2>&1 && "$name" -c "$suits" >/dev/null 2>&1; then
        found="$name"
        if "$name" -c 'import ensurepip, venv' >/dev/null 2>&1; then
            echo "Making $venv with $("$name" --version) …"
            rm -rf "$venv"
            exec "$name" -m venv "$venv"
        fi
    fi
done

if [ -n "$found" ]; then
    version=$("$found" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "Python $version lacks ensurepip: apt-get install python$version-venv (or your system's package of it), then try again" >&2
elif command -v python3 >/dev/null 2>&1; then
    echo "Python 3.11 or newer is needed, and $(python3 --version 2>&1 || true) is what is here: install a newer one, then try again" >&2
else
    echo "Python 3.11 or newer is needed: apt-get install python3 python3-venv (or your system's packages), then try again" >&2
fi
exit 1
