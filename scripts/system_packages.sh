#!/bin/sh
# Find out which parts of the machine are missing, and install them where that may be done.
#
#   scripts/system_packages.sh run     what `make run` needs: a Python that can make virtual environments
#   scripts/system_packages.sh test    what `make test` needs besides: browser, PostgreSQL, fonts, a C compiler,
#                                      openssl, gettext, an IMAP server
#
# On Debian and Ubuntu, as root or with a sudo that asks nothing, missing packages are installed by apt-get, said
# first on one line. Otherwise the one command to run is printed. What `run` lacks is a failure; what `test` lacks is
# one where CI=true, and elsewhere the tests that need it are left out, each with its reason.
set -eu

purpose=${1:-}
PYTHON=${PYTHON:-python3}
missing=""
needs() { missing="$missing $1"; }
is_installed() { dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

real_chromium() {
    # Ubuntu's chromium-browser is a script that asks for a snap; a real one is a program, or Debian's wrapper.
    [ -n "${ZAOGUANG_TEST_CHROMIUM:-}" ] && return 0
    for name in chromium google-chrome chromium-browser; do
        path=$(command -v "$name" 2>/dev/null) || continue
        path=$(readlink -f "$path")
        case $path in /snap/* | /usr/bin/snap) continue ;; esac
        head -c 4096 "$path" | tr -d '\0' | grep -q snap || return 0
    done
    return 1
}

cjk_font() {
    if command -v fc-list >/dev/null 2>&1; then [ -n "$(fc-list :lang=zh-cn family 2>/dev/null | head -1)" ]
    else is_installed fonts-noto-cjk; fi
}

postgres_server() { ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || command -v postgres >/dev/null 2>&1; }

case $purpose in
run)
    if ! "$PYTHON" -c 'import venv, ensurepip' 2>/dev/null; then
        case $("$PYTHON" -c 'import sys; print(sys.executable)' 2>/dev/null) in
        /usr/bin/*) needs "python$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv" ;;
        *) needs python3-venv ;;
        esac
    fi
    ;;
test)
    real_chromium || needs chromium
    postgres_server || needs postgresql
    cjk_font || needs fonts-noto-cjk
    command -v cc >/dev/null 2>&1 || { needs gcc && needs libc6-dev; }
    command -v openssl >/dev/null 2>&1 || needs openssl
    [ -x /usr/lib/dovecot/imap ] || needs dovecot-imapd
    command -v xgettext >/dev/null 2>&1 || needs gettext
    ;;
*)
    echo "usage: scripts/system_packages.sh run|test" >&2
    exit 2
    ;;
esac
missing=${missing# }
[ -n "$missing" ] || exit 0

give_up() {
    echo "$1" >&2
    if [ "$purpose" = run ]; then exit 1; fi
    case ${CI:-} in
    true | 1) exit 1 ;;
    esac
    echo "Going on without: the tests that need what is missing are left out, each with its reason." >&2
    exit 0
}

command -v apt-get >/dev/null 2>&1 ||
    give_up "This machine lacks: $missing (Debian's names). Install them with its package manager."

# Ubuntu has Chromium only as a snap, which neither apt-get nor the tests can use.
snap_only=""
if grep -qs '^ID=ubuntu' /etc/os-release; then
    case " $missing " in *" chromium "*)
        snap_only=yes
        missing=$(printf '%s' " $missing " | sed 's/ chromium / /; s/^ *//; s/ *$//')
        ;;
    esac
fi

if [ -n "$missing" ]; then
    as_root=""
    if [ "$(id -u)" != 0 ]; then
        as_root="sudo"
        sudo -n true 2>/dev/null || give_up "Missing: $missing. Run: sudo apt-get install --no-install-recommends $missing"
    fi
    echo "Installing with apt-get: $missing"
    install() {
        # Word splitting is meant: a list of package names.
        # shellcheck disable=SC2086
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends $missing \
            </dev/null
    }
    known() {
        for package in $missing; do apt-cache show "$package" >/dev/null 2>&1 || return 1; done
    }
    # The lists are fetched only when they are absent or have grown stale.
    if ! known || ! install; then
        $as_root apt-get update --quiet </dev/null || give_up "apt-get could not fetch its lists; missing: $missing"
        install || give_up "apt-get could not install: $missing"
    fi
fi

if [ -n "$snap_only" ]; then
    give_up "Ubuntu has Chromium only as a snap, which the tests cannot start: install Google Chrome's .deb, or set ZAOGUANG_TEST_CHROMIUM to a browser's path."
fi
