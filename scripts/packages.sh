# Debian packages that weir needs, and installing those that are missing. Sourced by quickstart and
# check.

PACKAGES_TO_BUILD="gcc make autoconf automake pkg-config libc6-dev libmilter-dev libxml2-dev
    libhiredis-dev libsqlite3-dev libgmime-3.0-dev libutf8proc-dev libpsl-dev publicsuffix
    libidn2-dev libconfuse-dev libpcre2-dev libxxhash-dev libzstd-dev libsodium-dev libjansson-dev
    libmicrohttpd-dev libcurl4-openssl-dev zlib1g-dev libmaxminddb-dev"
PACKAGES_TO_RUN="redis-server postfix curl procps ca-certificates"
PACKAGES_TO_TEST="libcmocka-dev clang clang-format libclang-rt-14-dev valgrind python3 newsboat
    sqlite3 iproute2 util-linux git nginx-light wrk libxml2-utils openssl systemd dpkg-dev debhelper
    lintian chromium fonts-wqy-microhei dovecot-imapd dovecot-sieve"

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "$0: this needs root, and there is no sudo: $*" >&2
        return 1
    fi
}

# install_packages NAME...: asks apt for those that are not there yet, without starting services.
install_packages() {
    local missing=() package policy=/usr/sbin/policy-rc.d ours=
    for package; do
        case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
        "install ok installed" | "hold ok installed") ;;
        *) missing+=("$package") ;;
        esac
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "installing: ${missing[*]}"
    if [ ! -e $policy ]; then
        ours=1
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null && as_root chmod 755 $policy
    fi
    echo "postfix postfix/main_mailer_type select No configuration" |
        as_root debconf-set-selections 2>/dev/null || true
    local status=0
    {
        as_root apt-get -qq update &&
            as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install \
                --no-install-recommends -o Dpkg::Use-Pty=0 "${missing[@]}" >/dev/null
    } || status=$?
    [ -z "$ours" ] || as_root rm -f $policy
    return $status
}
