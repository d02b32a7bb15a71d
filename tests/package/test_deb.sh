# The Debian package is built, passes lintian, and installs, runs, upgrades, goes and is purged in a
# copy of this machine's root: an overlay that only this test sees.
# test_deb.sh [inside ROOT]: the second form is the first one's own, in namespaces of its own.
set -u

# --- outside ---

skip() {
    echo "1..0 # SKIP $1"
    exit 0
}

outside() {
    [ "$(id -u)" -eq 0 ] || skip "only root can install a package"
    for program in dpkg-buildpackage dh lintian unshare ip setpriv; do
        command -v $program >/dev/null || skip "$program is missing"
    done
    root=$(mktemp -d) || exit 99
    trap 'rm -rf "$root"' EXIT
    unshare -m sh -c '
        mount -t tmpfs none "$1" && mkdir "$1/upper" "$1/work" "$1/root" &&
        mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"' \
        sh "$root" 2>/dev/null || skip "no overlay can be mounted"
    echo 1..11
    make -s -C "$WEIR_BUILD" deb >"$root/said" 2>&1
    tell "the package is built" $? "$root/said"
    lintian --allow-root --fail-on warning,error "$WEIR_BUILD"/weir_*.changes >"$root/said" 2>&1
    tell "lintian has nothing to complain of" $? "$root/said"
    unshare -m -n -p -f sh "$0" inside "$root" "$WEIR_BUILD" "$WEIR_SOURCE"
    exit $?
}

number=${WEIR_TOLD:-0}
tell() { # name, status, what was said
    number=$((number + 1))
    if [ "$2" -eq 0 ]; then
        echo "ok $number - $1"
    else
        echo "not ok $number - $1"
        tail -n 40 "$3" | sed 's/^/# /'
    fi
}

# --- inside: a root of its own, no network but loopback ---

enter() { # root, build, source
    mount -t tmpfs none "$1" && mkdir "$1/upper" "$1/work" "$1/root" &&
        mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root" &&
        mount -t proc proc "$1/root/proc" && mount -t devtmpfs dev "$1/root/dev" &&
        ip link set lo up || exit 99
    mkdir "$1/root/package"
    # Else each dpkg makes the index of all manual pages of the machine again.
    rm -f "$1/root/var/lib/man-db/auto-update"
    cp "$2"/weir_*.deb "$1/root/package/weir.deb"
    cp -r "$3/conf/samples" "$3/tests/package/test_deb.sh" "$1/root/package"
    WEIR_TOLD=2 chroot "$1/root" /bin/sh /package/test_deb.sh chrooted
}

said=/package/said
step() { # name, command…
    name=$1
    shift
    (set -ex; "$@") >$said 2>&1
    tell "$name" $? $said
}

there() {
    for path; do
        test -e "$path" || { echo "$path is not there"; return 1; }
    done
}

gone() {
    for path; do
        test ! -e "$path" || { echo "$path is still there"; return 1; }
    done
}

installs() {
    DEBIAN_FRONTEND=noninteractive dpkg -i /package/weir.deb
    there /usr/sbin/weir-milter /usr/libexec/weir/weir-release /etc/weir/weir.conf
    test "$(stat -c %U:%G:%a /var/lib/weir)" = weir-milter:weir:2770
    test "$(stat -c %U:%G:%a /var/lib/weir-counts)" = weir:weir-counts:2770
    test "$(stat -c %U:%a /var/cache/weir-feed)" = weir-feed:750
    test "$(stat -c %U:%a /etc/weir/weir-id.key)" = weir-milter:600
    weirctl config test
}

# What its unit gives a program: the user, the group and its further groups.
become() { # user, group
    echo "setpriv --reuid $1 --regid $2 --init-groups --"
}

# As its unit starts it, with the configuration that was shipped.
starts() { # user, group, program, signal that stops it
    rm -f "/package/$1.log"
    $(become "$1" "$2") "$3" --stderr >"/package/$1.log" 2>&1 &
    daemon=$!
    tries=0
    until grep -qs event=started "/package/$1.log" || [ $tries -eq 300 ]; do
        kill -0 $daemon || break
        sleep 0.1
        tries=$((tries + 1))
    done
    kill -"$4" $daemon && wait $daemon && return 0
    cat "/package/$1.log"
    return 1
}

runs() {
    starts weir-milter weir /usr/sbin/weir-milter USR2
    starts weir-feed weir-feed /usr/bin/weir-feedfilter TERM
}

teaches() {
    $(become weir weir) weirctl learn spam /package/samples/spam ham /package/samples/ham
    $(become weir weir) weirctl check --exit-code --brief /package/samples/ham
}

lessons() {
    $(become weir weir) weirctl --json stats | tr , '\n' | grep -m1 version
}

# There is no systemd to ask here: what it is asked for is written down.
records_systemctl() {
    mkdir -p /run/systemd/system
    rm -f /usr/sbin/policy-rc.d # containers forbid what is looked for
    printf '#!/bin/sh\necho "$@" >>/package/systemctl.log\n' >/usr/local/bin/systemctl
    chmod 755 /usr/local/bin/systemctl
    : >/package/systemctl.log
}

asked() { # words of one call
    grep -q -- "$1.*weir-milter.service" /package/systemctl.log
}

upgrades() {
    records_systemctl
    echo '# mine' >>/etc/weir/weir.conf
    before=$(lessons)
    cp -p /etc/weir/weir-id.key /package/key
    dpkg-deb -R /package/weir.deb /package/next
    sed -i 's/^Version: .*/&+next/' /package/next/DEBIAN/control
    dpkg-deb -Znone -b /package/next /package/next.deb
    DEBIAN_FRONTEND=noninteractive dpkg -i /package/next.deb </dev/null
    asked try-restart
    if asked stop; then return 1; fi # set -e would pass over a "!"
    grep '^# mine' /etc/weir/weir.conf
    cmp /etc/weir/weir-id.key /package/key
    test "$(lessons)" = "$before"
}

goes() {
    records_systemctl
    dpkg -r weir
    asked stop
    rm -r /run/systemd/system /usr/local/bin/systemctl
    gone /usr/sbin/weir-milter /usr/bin/weirctl /lib/systemd/system/weir-milter.service
    there /etc/weir/weir.conf /etc/weir/weir-id.key /var/lib/weir-counts/counts.db
}

comes_back() {
    DEBIAN_FRONTEND=noninteractive dpkg -i /package/weir.deb </dev/null
    grep '^# mine' /etc/weir/weir.conf
    test -n "$(lessons)"
}

is_purged() {
    dpkg -P weir
    left=$(find /etc /usr /lib /var/lib /var/cache /run -xdev -name '*weir*' 2>/dev/null)
    test -z "$left" || { echo "left: $left"; return 1; }
}

comes_after_purge() {
    DEBIAN_FRONTEND=noninteractive dpkg -i /package/weir.deb </dev/null
    weirctl config test
    starts weir-milter weir /usr/sbin/weir-milter USR2
}

chrooted() {
    export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    step "it installs with its users, directories and key" installs
    step "its daemons start with the configuration that is shipped" runs
    step "it can be taught and asked" teaches
    step "an upgrade keeps configuration, key and what was learned" upgrades
    step "removed, it leaves configuration and data" goes
    step "installed again, it has them" comes_back
    step "purged, it leaves nothing" is_purged
    step "installed after that, it starts anew" comes_after_purge
    step "and goes again" is_purged
}

case ${1:-} in
inside) enter "$2" "$3" "$4" ;;
chrooted) chrooted ;;
*) outside ;;
esac
