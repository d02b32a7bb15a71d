/* check_read: what several checks read off headers in the same way. Used by checks only. */
#ifndef WEIR_CHECK_READ_H
#define WEIR_CHECK_READ_H

#include "core/arena.h"
#include "store/span.h"

#include <stdbool.h>

/* A subject without what programs put in front of it: "Re:", "Fwd:" and their like in other
 * languages, "Re[2]:", and the tags of mailing lists ("[weir-users]"). */
struct span check_bare_subject(struct span subject);

/* True when the title has three keywords or more in a row with nothing but a hyphen or a low line
 * between them. Of English that may be compounds: alone it says nothing. */
bool check_joins_keywords(struct span title);

/* True for the form of RFC 5322 3.6.4: "<left@right>" without blanks but in a quoted left side or
 * a literal right side; comments may stand around it. */
bool check_is_message_id(struct span value);

/* The host of the next address in `*rest` (a list of mailboxes and groups, decoded), which moves
 * behind it; false: no more. Quoted strings and comments hold no address, and where one stands in
 * angle brackets, the name before it holds none. Hosts without a dot, and literals, are passed
 * over. */
bool check_next_host(struct span *rest, struct span *host);

/* The host of the first address in a display name; empty: it shows none. */
struct span check_shown_host(struct span name);

/* `host` in lower case and, where it can be, in IDNA's ASCII form: one form for all. */
struct span check_host(struct arena *arena, struct span host);

#endif
