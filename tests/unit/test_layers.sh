# Dependencies point one way: fronts -> core -> store. A line that includes upwards fails.
cd "${WEIR_SOURCE:-.}" || exit 99
echo 1..3
breach() { # number, name, pattern, folders...
    number=$1 name=$2 pattern=$3
    shift 3
    if found=$(grep -nE "#include \"($pattern)/" -r "$@" --include='*.[ch]'); then
        echo "not ok $number - $name"
        echo "$found" | sed 's/^/# /'
    else
        echo "ok $number - $name"
    fi
}
breach 1 "store includes nothing of ours but store" 'core|milter|feedfilter|admin' store
breach 2 "core includes no front" 'milter|feedfilter|admin' core
found=$(for front in milter feedfilter admin; do
    others=$(printf '%s\n' milter feedfilter admin | grep -v "^$front$" | paste -sd'|')
    grep -nE "#include \"($others)/" -r "$front" --include='*.[ch]'
done)
if [ -n "$found" ]; then
    echo "not ok 3 - fronts do not include each other"
    echo "$found" | sed 's/^/# /'
else
    echo "ok 3 - fronts do not include each other"
fi
