/* lesson: one event of learning, as it stands in the log, in the journal and beside a held
 * item. The encoding is the same everywhere, so that a lesson can move between them as bytes. */
#ifndef WEIR_LESSON_H
#define WEIR_LESSON_H

#include "store/error.h"
#include "store/identity.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum label { LABEL_HAM = 0, LABEL_SPAM = 1 };

/* How far a label can be believed. Gradients of untrusted lessons are softened. */
enum trust {
    TRUST_USER = 0,    /* users, traps, automatic lessons */
    TRUST_OPERATOR = 1 /* the operator's own word */
};

#define LESSON_ID_BYTES 16
#define LESSON_SOURCE_MAX 64
#define LESSON_SLOTS_MAX 4096
#define LESSON_SLOT_LIMIT (1u << 21)
#define LESSON_IDENTITIES_MAX 256

struct lesson {
    unsigned char event_id[LESSON_ID_BYTES];
    unsigned char document_id[LESSON_ID_BYTES];
    enum label label;
    enum trust trust;
    /* True: the source takes that label back, and nothing is said of the document instead. The
     * content of a document that was at `content_milli` before it was taught, in thousandths of
     * log-odds, goes back there at most. */
    bool withdrawn;
    int32_t content_milli; /* 0 unless withdrawn */
    struct span source;    /* who says so: "operator", "user:ann@example.org" */
    int64_t time_s;        /* of the event, seconds since 1970 */
    uint32_t feature_version;
    uint8_t script;        /* enum script of core/text.h: what the document is written in */
    const uint32_t *slots; /* ascending, no doubles, each under the limit; none: counts only */
    size_t slot_count;
    const struct identity *identities;
    size_t identity_count;
};

/* Appends nothing and allocates: the encoded lesson, to be freed with free(). Layout: a format
 * byte, fixed fields, then varints (LEB128): source, slots as deltas, identities. Aborts on a
 * lesson that breaks the limits above: whoever builds one keeps to them. */
unsigned char *lesson_encode(const struct lesson *lesson, size_t *length);

/* The lesson in `data`, one allocation that holds all it points to (nothing points into `data`);
 * NULL and ERROR_INPUT when the bytes are not exactly one well-formed lesson within the limits. */
struct lesson *lesson_decode(const void *data, size_t length, struct error *error);
void lesson_free(struct lesson *lesson);

/* Event id = 128-bit hash of document id, source, label, whether that is withdrawn, and the
 * source's sequence number. The same event sent twice has one id; a later change of mind has
 * another sequence number. */
void lesson_set_event_id(struct lesson *lesson, uint64_t sequence);

#endif
