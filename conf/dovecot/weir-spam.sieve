# Runs when a message comes into Junk: its owner says that it is spam.
require ["vnd.dovecot.pipe", "copy", "imapsieve", "environment", "variables"];

if environment :matches "imap.user" "*" {
    set "user" "${1}";
}
pipe :copy :try "weir-teach" ["spam", "${user}"];
