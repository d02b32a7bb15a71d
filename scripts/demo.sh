# A weir with a Postfix of its own, on loopback, for quickstart. Sourced.
#
# All that runs lives in one directory under /tmp, since Postfix's users must be able to walk to
# it; its name is in build/demo. Ports are asked from the kernel.

demo=
demo_box=box.test # the domain whose mail is delivered into $demo/maildir

# demo_wait WHAT COMMAND...: until the command succeeds, 20 s at most.
demo_wait() {
    local what=$1 i
    shift
    for ((i = 0; i < 400; i++)); do
        if "$@"; then
            return 0
        fi
        sleep 0.05
    done
    echo "quickstart: waited in vain for $what" >&2
    return 1
}

# A port that is free now: the kernel's range, less what is listened on.
demo_free_port() {
    local port low high
    read -r low high </proc/sys/net/ipv4/ip_local_port_range
    while :; do
        port=$((low + (RANDOM * 32768 + RANDOM) % (high - low)))
        if ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return
        fi
    done
}

# Ends what the last demo_start started, by process id, and removes its directory.
demo_stop() {
    local where pid name
    [ -e build/demo ] || return 0
    where=$(cat build/demo)
    if [ -d "$where/postfix" ]; then
        as_root postfix -c "$where/postfix" stop >/dev/null 2>&1 || true
    fi
    for name in weir-console weir-hold weir-milter; do
        pid=$(cat "$where/$name.pid" 2>/dev/null) || continue
        # A process id may belong to somebody else by now: ours has our directory in its words.
        if grep -qF "$where" "/proc/$pid/cmdline" 2>/dev/null; then
            as_root kill "$pid" 2>/dev/null || true
            demo_wait "the end of $name" demo_ended "$pid" || as_root kill -9 "$pid"
        fi
    done
    case $where in
    /tmp/weir-demo.*) as_root rm -rf "$where" ;;
    esac
    rm -f build/demo
}

demo_ended() {
    ! grep -qs '^State:[[:space:]]*[^Z]' "/proc/$1/status"
}

# demo_run NAME COMMAND...: in the background, on its own, with its output in a log.
demo_run() {
    local name=$1
    shift
    setsid "$@" >"$demo/$name.log" 2>&1 </dev/null &
    echo $! >"$demo/$name.pid"
}

demo_answers() {
    (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

demo_write_weir_conf() {
    cat >"$demo/weir.conf" <<END
# The quickstart's. The sample lessons are few, so that a script is warm early.
gateway = "quickstart"
counts = "$1"
cold-lessons = 10
records {
    mail = "$demo/mail.db"
    feeds = "$demo/feeds.db"
}
milter {
    socket = "inet:127.0.0.1:$milter_port"
    mode = enforce
    key-file = "$demo/weir-id.key"
}
identities {
    mail-providers = "$PWD/conf/maps/mail-providers"
    url-shorteners = "$PWD/conf/maps/url-shorteners"
}
digest { key-file = "$demo/link.key" }
feedfilter { mode = enforce }
release { preview = "$demo/preview.sock" }
console {
    listen = "127.0.0.1:$console_port"
    users = "$demo/console.users"
    pages = "$PWD/admin/console"
}
END
}

demo_write_postfix() {
    local postfix=$demo/postfix
    mkdir -p "$postfix" "$demo/spool" "$demo/data" "$demo/maildir"
    as_root chown postfix "$demo/data"
    as_root chown mail:mail "$demo/maildir"
    cat >"$postfix/main.cf" <<END
compatibility_level = 3.6
config_directory = $postfix
queue_directory = $demo/spool
data_directory = $demo/data
maillog_file = $demo/postfix.log
maillog_file_prefixes = $demo
syslog_name = weir-demo
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = gateway.test
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
mynetworks = 127.0.0.0/8
disable_dns_lookups = yes
smtpd_peername_lookup = no
default_transport = error:no mail goes outside
virtual_mailbox_domains = $demo_box
virtual_mailbox_base = $demo/maildir
virtual_mailbox_maps = static:./
virtual_uid_maps = static:$(id -u mail)
virtual_gid_maps = static:$(id -g mail)
virtual_minimum_uid = 1

END
    sed "s/^weir_milter = .*/weir_milter = inet:127.0.0.1:$milter_port/" \
        conf/postfix/main.cf.weir >>"$postfix/main.cf"
    cat >"$postfix/master.cf" <<END
127.0.0.1:$smtp_port inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
END
}

# demo_start REDIS: starts everything; sets demo, smtp_port, milter_port, console_port,
# console_password and WEIR_CONFIG. What is learned goes to that Redis; to a file, when it is empty.
demo_start() {
    demo=$(mktemp -d /tmp/weir-demo.XXXXXX)
    chmod 755 "$demo"
    echo "$demo" >build/demo
    milter_port=$(demo_free_port)
    smtp_port=$(demo_free_port)
    console_port=$(demo_free_port)
    console_password=$(od -An -tx1 -N8 /dev/urandom | tr -d ' ')
    export WEIR_CONFIG=$demo/weir.conf
    demo_write_weir_conf "${1:-sqlite://$demo/counts.db}"
    demo_write_postfix

    demo_run weir-milter "$PWD/build/weir-milter" --config "$demo/weir.conf" --stderr
    demo_wait "weir-milter" demo_answers "$milter_port"
    as_root postfix -c "$demo/postfix" start >/dev/null 2>&1
    demo_wait "Postfix" demo_answers "$smtp_port"
    local sudo=()
    [ "$(id -u)" -eq 0 ] || sudo=(sudo)
    demo_run weir-hold "${sudo[@]}" "$PWD/build/weir-hold" --postfix "$demo/postfix" \
        --key "$demo/weir-id.key" --user "$(id -un)" -- \
        "$PWD/build/weir-release" --config "$demo/weir.conf"
    echo "$console_password" | build/weirctl console-user add you >/dev/null
    demo_run weir-console "$PWD/build/weir-console" --config "$demo/weir.conf" --stderr
    demo_wait "weir-console" demo_answers "$console_port"
}
