#!/bin/sh
# Make .venv with the Python named in $PYTHON, else with the first on this machine that is 3.11 or newer.
set -eu
cd "$(dirname "$0")/.."

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

chosen=""
for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if new_enough "$candidate"; then
        chosen=$candidate
        break
    fi
done
if [ -z "$chosen" ]; then
    found=$("${PYTHON:-python3}" --version 2>/dev/null) || found="not on this machine"
    echo "Zaoguang needs Python 3.11 or newer; ${PYTHON:-python3} is $found." \
        "Name one that is: make setup PYTHON=python3.12" >&2
    exit 2
fi

PYTHON=$chosen scripts/system_packages.sh run
echo "Making .venv with $("$chosen" --version)"
# A folder left half-made (no pip inside) is of no use: begin again.
rm -rf .venv
"$chosen" -m venv .venv
