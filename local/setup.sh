#!/bin/sh
# Makes what is missing: .venv from requirements.txt, the connector jars of the lock, the compiled SQL functions.
# Run again, it does nothing: a stamp holds the checksum of everything it was made from.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

stamp=.venv/.setup-stamp
wanted=$(cat requirements.txt connectors/jars.lock connectors/jars.py connectors/zips.py functions/*.py functions/java/*/*.java connectors/java/*/*.java connectors/java/META-INF/services/* \
             local/java/*/*.java local/java/META-INF/services/* \
             local/setup.sh local/setup.py local/lib.py 2>/dev/null | cksum)
# Whether the class path is whole: no link of it leads nowhere.
is_laid_out() {
    for jar in .cache/functions.jar .cache/doorkeeper.jar .cache/flink-lib/*.jar .cache/cluster-lib/*.jar; do
        [ -e "$jar" ] || return 1
    done
}
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted $(pwd)" ] && is_laid_out; then
    exit 0
fi

# The first Python 3.11 under these names, all along PATH, since a version manager's shim may stand first and refuse;
# PYTHON=... names another.
candidates() {
    for name in "$@"; do
        case $name in
            */*) printf '%s\n' "$name" ;;
            *) printf '%s\n' "$PATH" | tr ':' '\n' | while IFS= read -r folder; do printf '%s\n' "$folder/$name"; done ;;
        esac
    done
}
set -- python3.11 python3 python
if [ -n "${PYTHON:-}" ]; then
    set -- "$PYTHON"
fi
found=""
python=""
while IFS= read -r candidate; do
    [ -f "$candidate" ] && [ -x "$candidate" ] || continue
    version=$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null </dev/null) || continue
    found="${found:+$found }$candidate is $version,"
    if [ "$version" = 3.11 ]; then
        python=$candidate
        break
    fi
done <<EOF
$(candidates "$@")
EOF
if [ -z "$python" ]; then
    say "PyFlink 1.20 needs Python 3.11, and none was found (${found:-no Python at all,} looked for ${PYTHON:-python3.11, python3, python}):" \
        "install it (Debian: apt-get install python3.11 python3.11-venv) or name one with make PYTHON=/path/to/python3.11."
    exit 1
fi

# A stamp of another tree, a half-made environment or another Python: begin again.
if [ -d .venv ] && ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
    rm -rf .venv
fi
if [ -d .venv ] && ! grep -q "^VIRTUAL_ENV=.*$(pwd)/.venv" .venv/bin/activate 2>/dev/null; then
    rm -rf .venv
fi
rm -f "$stamp"

if [ ! -x .venv/bin/pip ]; then
    say "1/3 Python packages into .venv (with $python)"
    rm -rf .venv
    if ! message=$("$python" -m venv .venv 2>&1); then
        rm -rf .venv
        say "$python cannot make a virtual environment ($(printf '%s' "$message" | head -n 1)): install its venv module" \
            "(Debian: apt-get install python3.11-venv)."
        exit 1
    fi
else
    say "1/3 Python packages into .venv"
fi
# uv comes first, alone, by the same hashes; it installs the others in a quarter of the time.
uv_lock=$(mktemp)
trap 'rm -f "$uv_lock"' EXIT
awk '/^[^ #]/ { keep = ($0 ~ /^uv==/) } keep && !/^ *#/' requirements.txt > "$uv_lock"
if ! { .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r "$uv_lock" &&
       .venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -r requirements.txt; } >&2; then
    say "The Python packages could not be installed; the lines above say which and why. Check the network or the proxy, then run make setup again."
    exit 1
fi

.venv/bin/python -m local.setup
printf '%s' "$wanted $(pwd)" > "$stamp"
say "Set-up complete."
