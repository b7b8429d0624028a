#!/bin/sh
# Makes what is missing: .venv from requirements.txt, the connector jars of the lock, the compiled SQL functions, archives
# of Flink's classes.
# Run again, it does nothing: a stamp holds the checksum of everything it was made from.
# Here a Python 3.11 or 3.12 is looked for, which does the rest (venv.py).
set -eu
set +f        # a shell's options can come from the environment, and a file pattern is meant below
LC_ALL=C      # the order of files by which the checksum is made
export LC_ALL

# The checkout, by an absolute path: `cd` would look for a relative one in every folder of CDPATH first.
case $0 in
    /*) script=$0 ;;
    *) script=$(pwd -P)/$0 ;;
esac
cd "${script%/*}/../.."
root=$(pwd -P)

say() { printf '%s\n' "$*" >&2; }

stamp=$root/.venv/.setup-stamp
wanted=$(cat requirements.txt java/jars.lock java/*.py java/src/*/*.java java/src/META-INF/services/* \
             java/doorkeeper/*/*.java java/doorkeeper/META-INF/services/* \
             local/setup/setup.sh local/setup/*.py \
             program/addresses.py program/errors.py program/folders.py program/output.py program/waiting.py 2>/dev/null | cksum)
# Whether the class paths are whole: no link of them leads nowhere.
is_laid_out() {
    for jar in "$root"/.cache/functions.jar "$root"/.cache/doorkeeper.jar "$root"/.cache/flink-lib/*.jar "$root"/.cache/cluster-lib/*.jar; do
        [ -e "$jar" ] || return 1
    done
}
if [ -x "$root/.venv/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted $root" ] && is_laid_out; then
    exit 0
fi

# The first Python 3.11 or 3.12 under these names, all along PATH, since a version manager's shim may stand first and refuse;
# PYTHON=... names another. Isolated (-I): what the user's shell says to Python concerns other programs.
candidates() {
    for name in "$@"; do
        case $name in
            */*) printf '%s\n' "$name" ;;
            *) printf '%s\n' "$PATH" | tr ':' '\n' | while IFS= read -r folder; do printf '%s\n' "${folder:-.}/$name"; done ;;
        esac
    done
}
set -- python3.11 python3.12 python3 python
if [ -n "${PYTHON:-}" ]; then
    set -- "$PYTHON"
fi
found=""
python=""
while IFS= read -r candidate; do
    [ -f "$candidate" ] && [ -x "$candidate" ] || continue
    version=$("$candidate" -I -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null </dev/null) || continue
    found="${found:+$found }$candidate is $version,"
    case $version in
        3.11 | 3.12)
            python=$candidate
            break
            ;;
    esac
done <<END
$(candidates "$@")
END
if [ -z "$python" ]; then
    say "PyFlink 2.3 needs Python 3.11 or 3.12, and none was found (${found:-no Python at all,} looked for ${PYTHON:-python3.11, python3.12, python3, python}):" \
        "install it (Debian: apt-get install python3.11 python3.11-venv) or name one with make PYTHON=/path/to/python3.11."
    exit 1
fi
exec "$python" -I -B -X utf8 -c 'import sys; sys.path.insert(0, sys.argv[1]); from local.setup import venv; sys.exit(venv.main(*sys.argv[1:]))' \
    "$root" "$wanted"
