# bash completes weirctl's commands, options, files and ids.
command -v bash >/dev/null || { echo "1..0 # SKIP bash is not installed"; exit 0; }
exec bash --norc --noprofile -s <<'END'
cd "${WEIR_SOURCE:-.}" || exit 99
source conf/completion/weirctl
directory=$(mktemp -d) && trap 'rm -r "$directory"' EXIT
count=0 failed=0

# complete_words WORD…: what the last word is completed to, a blank between
complete_words() {
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    _weirctl 2>"$directory/errors"
    echo "${COMPREPLY[*]}"
}

is() { # name, expected, words…
    local name=$1 expected=$2 got
    shift 2
    got=$(complete_words "$@")
    count=$((count + 1))
    if [[ $got == "$expected" && ! -s $directory/errors ]]; then
        echo "ok $count - $name"
    else
        failed=1
        echo "not ok $count - $name"
        printf '# got: %s\n' "$got" "$(cat "$directory/errors")"
    fi
}

# A weirctl with two things held, which notes how it was called.
cat > "$directory/weirctl" <<'EOF'
#!/bin/sh
echo "$*" >> "${0%/*}/calls"
echo 'm12    2026-11-24 10:00:00  held               +4.0  ann > bob  m99 is no id'
echo 'f7     2026-11-24 10:00:00  held               +4.0  planet  A title'
EOF
printf '#!/bin/sh\necho "weirctl: no records" >&2\nexit 74\n' > "$directory/broken"
printf '#!/bin/sh\nexec sleep 20\n' > "$directory/slow"
chmod +x "$directory"/{weirctl,broken,slow}
touch "$directory/a mail.eml" "$directory/feed.xml"

is "a command is completed" "history" weirctl hi
is "an option is completed" "--channel" weirctl history --ch
is "only a command's own options are" "" weirctl stats --ch
is "the value of an option is" "feed" weirctl history --channel f
is "a verb of held is" "release" weirctl held rel
is "a type of identity is" "link-domain link-host" weirctl reputation show li
is "so is a file to import" "$directory/feed.xml" weirctl reputation import "$directory/f"
is "and what import takes" "--dry-run" weirctl reputation import --d
is "a file is, blanks and all" "$directory/a mail.eml" weirctl check "$directory/a"
is "files after a label are" "$directory/feed.xml" weirctl learn spam "$directory/f"
is "the list of --files-from is" "$directory/feed.xml" weirctl check --files-from "$directory/f"
is "a protocol of evaluate is" "partial=" weirctl evaluate --index x --protocol par
is "a role is" "teacher" weirctl console-user add --role te
is "what is held is" "m12 f7" "$directory/weirctl" held release ""
is "an id is, behind others" "f7" "$directory/weirctl" held confirm m12 f
is "nothing is when weirctl fails" "" "$directory/broken" held release ""
is "nothing is of another gateway" "" "$directory/weirctl" --gateway http://gw.test held release ""
is "nor is anything behind an equals sign" "" "$directory/weirctl" --gateway = http://gw.test held show ""
is "rules release here" "--release" weirctl rules apply --re
is "and not on another machine" "" weirctl --gateway http://gw.test rules apply --re
begin=$SECONDS
is "nothing is when weirctl is slow" "" "$directory/slow" held release ""
is "the configuration named is the one that is asked" "m12" "$directory/weirctl" --config /x.conf held show m
count=$((count + 1))
if grep -qx -e '--config /x.conf held list --limit 200 --all' "$directory/calls" && ((SECONDS - begin < 10)); then
    echo "ok $count - weirctl was given it, and was not waited for"
else
    failed=1
    echo "not ok $count - weirctl was given it, and was not waited for"
fi

# Against the program itself.
count=$((count + 1))
if [[ -x ${WEIR_BUILD:-.}/weirctl ]]; then
    listed=$("${WEIR_BUILD:-.}/weirctl" help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' | sort | tr '\n' ' ')
    known=$(complete_words weirctl "" | tr ' ' '\n' | grep -vx help | sort | tr '\n' ' ')
    [[ $listed == "$known" ]] && echo "ok $count - every command is known" ||
        { failed=1; echo "not ok $count - every command is known"; echo "# $listed / $known"; }
else
    echo "ok $count - every command is known # SKIP weirctl is not built"
fi
echo "1..$count"
exit $failed
END
