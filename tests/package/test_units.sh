# What systemd itself says of our units: no complaint, and no more exposure than stated here, of 100.
# weir-hold is root by nature: it changes user and reaches into Postfix's queue.
if ! command -v systemd-analyze >/dev/null; then
    echo "1..0 # SKIP systemd-analyze is missing"
    exit 0
fi
folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
number=0
echo 1..10
tell() { # name, status
    number=$((number + 1))
    if [ "$2" -eq 0 ]; then
        echo "ok $number - $1"
    else
        echo "not ok $number - $1"
        sed 's/^/# /' "$folder/said"
    fi
}
examine() { # unit, exposure
    unit=$folder/$1.service
    for place in bindir sbindir pkglibexecdir; do
        echo "s|@$place@|$WEIR_BUILD|g"
    done | sed -f - "$WEIR_SOURCE/conf/systemd/$1.service.in" >"$unit" || exit 99
    systemd-analyze verify --man=no "$unit" >"$folder/said" 2>&1
    status=$?
    grep -q "$1.service:" "$folder/said" && status=1
    tell "$1: systemd has nothing to complain of" $status
    systemd-analyze security --offline=true --no-pager --threshold="$2" "$unit" \
        >"$folder/said" 2>&1
    tell "$1: exposure is at most $2 of 100" $?
}
examine weir-milter 25
examine weir-feedfilter 25
examine weir-console 25
examine weir-hold 65
# sendmail(1) has to reach the group of the queue, which most of what confines takes away.
examine weir-digest 90
