# Runs when a message is taken out of Junk: unless it goes to the trash, its owner says that it is
# none.
require ["vnd.dovecot.pipe", "copy", "imapsieve", "environment", "variables"];

if environment :matches "imap.mailbox" "*" {
    set "mailbox" "${1}";
}
if string "${mailbox}" ["Trash", "Deleted Items", "Deleted Messages"] {
    stop;
}
if environment :matches "imap.user" "*" {
    set "user" "${1}";
}
pipe :copy :try "weir-teach" ["ham", "${user}"];
