/* mail_headers: a header block taken apart. For core/mail.c and core/mail_parts.c only. Nothing is
 * allocated by looking: fields are spans of the message until they are unfolded or decoded. */
#ifndef WEIR_MAIL_HEADERS_H
#define WEIR_MAIL_HEADERS_H

#include "core/arena.h"
#include "core/document.h"

#include <stdbool.h>

/* The message without an mbox "From " line in front. */
struct span mail_skip_mbox_line(struct span message);

/* True when the first line is a field. */
bool mail_starts_with_field(struct span bytes);

/* Takes the next field off the front of `*rest`: its name as written, and its value raw, still
 * folded and encoded, without blanks around it. false: the block is over, and `*rest` is the body.
 * It ends at an empty line, or before a line that is no field: Postfix too takes that for the
 * body's first. But "From " and ">From " lines, and a single stray line that a field follows, are
 * passed over. */
bool mail_header_next(struct span *rest, struct header *field);

/* `raw` without its line ends (RFC 5322 2.2.3); no more than its first `limit` bytes are looked at.
 * `raw` itself when it is on one line, else a copy in `arena`. */
struct span mail_unfold(struct arena *arena, struct span raw, size_t limit);

/* An unfolded value as UTF-8, its RFC 2047 words decoded. Words next to each other in one charset
 * are joined before they are converted, since senders cut characters in two; the blanks between
 * words go. A lone `=?` and words that are broken stay as they are. */
struct span mail_decode_words(struct arena *arena, struct span value);

#endif
