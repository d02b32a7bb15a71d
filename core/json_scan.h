/* json_scan: JSON read in place, value by value, for text that comes from strangers and whose
 * places matter. jansson's trees do for what we write ourselves; here they would not: of two
 * members with one name readers differ in which they take, so both have to be seen; half a
 * surrogate pair ("\ud83d", a title cut in an emoji) and numbers of any size are read by readers
 * and refused by jansson; and memory has to be bounded. Reads more than JSON (missing or needless
 * commas, control characters in strings, any bare word): what no reader takes does no harm. Looks
 * at ASCII only, so bytes that are no UTF-8 stand in strings like others.
 *
 *     json_scan_open(&scan, '{');
 *     while (json_scan_member(&scan, &name))
 *         json_scan_skip(&scan, &value);
 */
#ifndef WEIR_JSON_SCAN_H
#define WEIR_JSON_SCAN_H

#include "core/arena.h"
#include "store/span.h"

#include <stdbool.h>

struct json_scan {
    const char *start, *at, *end; /* the caller sets them to the text: at = start */
    const char *trouble;          /* static; NULL: none so far. All calls are false from then on */
    const char *trouble_at;
};

/* Deeper nesting is trouble. */
#define JSON_DEPTH_MAX 512u

/* What the next value is: '{', '[', '"', or '0' for a number or a bare word; NUL: none. */
char json_scan_kind(struct json_scan *scan);

/* Enters the object or array that comes next; false (and nothing is passed) when it is none. */
bool json_scan_open(struct json_scan *scan, char bracket);

/* The next member of the open object: `*name` is the text between its quotes as it stands, and its
 * value comes next and must be read. false: the object is closed and passed, or trouble. */
bool json_scan_member(struct json_scan *scan, struct span *name);

/* The same of the open array; true: an element comes next. */
bool json_scan_element(struct json_scan *scan);

/* Passes the next value, whole: `*value` is all of it, quotes and brackets included. */
bool json_scan_skip(struct json_scan *scan, struct span *value);

/* What a string says, `quoted` with its quotes or what stands between them: the escapes resolved,
 * in `arena`. Half a pair becomes U+FFFD; NUL and other control characters go, as browsers show
 * none. */
struct span json_scan_text(struct arena *arena, struct span quoted);

/* The line in which the trouble is, from 1. */
unsigned json_scan_line(const struct json_scan *scan);

#endif
