#!/bin/sh
# Prints the newest Python of this machine, from 3.OLDEST to 3.NEWEST, that makes virtual environments and has Python.h.
# It may be on PATH, pyenv's or uv's. Exit status 1 if there is none.
# usage: newest_python.sh [OLDEST [NEWEST]]    by default 10 and 14, all that jnerf was tried with
minor=${2:-14}
while [ "$minor" -ge "${1:-10}" ]; do
    for candidate in "python3.$minor" python3 \
        "${PYENV_ROOT:-$HOME/.pyenv}/versions/3.$minor."*/bin/python3 \
        "$HOME/.local/share/uv/python/cpython-3.$minor."*/bin/python3; do
        command -v "$candidate" >/dev/null && "$candidate" - "$minor" 2>/dev/null <<'END' && exit 0
import ensurepip, os, sys, sysconfig, venv
fits = sys.version_info[:2] == (3, int(sys.argv[1])) and sys.implementation.name == "cpython"
fits = fits and not sysconfig.get_config_var("Py_GIL_DISABLED")
fits = fits and os.path.isfile(os.path.join(sysconfig.get_paths()["include"], "Python.h"))
print(sys.executable) if fits else sys.exit(1)
END
    done
    minor=$((minor - 1))
done
exit 1
