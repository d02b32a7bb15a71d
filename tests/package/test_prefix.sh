# Configuring a build once more for other places, as README's "Install" does after "Two commands",
# compiles again what names these places, and nothing else.
folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 99
naming='admin/weirctl.o core/config.o feedfilter/main.o'
other=store/error.o
number=0
echo 1..3
tell() { # name, status
    number=$((number + 1))
    if [ "$2" -eq 0 ]; then
        echo "ok $number - $1"
    else
        echo "not ok $number - $1"
        tail -n 20 said | sed 's/^/# /'
    fi
}

build() { # argument of configure…
    "$WEIR_SOURCE/configure" --quiet CFLAGS=-O0 "$@" && make -s $naming $other
}

# All objects name the configuration there, and none another one's; sendmail is Postfix's.
all_name() { # configuration, another
    for object in $naming; do
        grep -q "$1" $object || { echo "$object does not name $1"; return 1; }
        strings $object | grep -v "^/usr/sbin/sendmail$" | grep -q "$2" && { echo "$object names $2"; return 1; }
    done
    return 0
}

{ build --prefix=/one && all_name /one/etc/weir/weir.conf /usr/; } >said 2>&1
tell "a build names the places that it is configured for" $?
touch before
{ build --prefix=/usr --sysconfdir=/etc && all_name /etc/weir/weir.conf /one/ &&
    grep /usr/share/weir/console core/config.o && test $other -ot before; } >said 2>&1
tell "configured for others, it names those, and compiles nothing else" $?
touch before
{ build --prefix=/usr --sysconfdir=/etc && test core/config.o -ot before; } >said 2>&1
tell "configured as it was, it compiles nothing" $?
