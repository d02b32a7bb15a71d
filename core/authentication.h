/* authentication: what is known of who really sent a mail (SPF, DKIM, DMARC), and reading it from
 * the Authentication-Results of somebody trusted (RFC 8601). The facts are the same whoever found
 * them out. The reader is strict and bounded: a header that is not whole says nothing. */
#ifndef WEIR_AUTHENTICATION_H
#define WEIR_AUTHENTICATION_H

#include "core/arena.h"
#include "store/span.h"

#include <stdbool.h>
#include <stddef.h>

#define AUTHENTICATION_HEADER "Authentication-Results"

enum authentication_result {
    AUTHENTICATION_ABSENT, /* nobody looked */
    AUTHENTICATION_NONE,   /* looked, and there is nothing to go by, or nothing that can be read */
    AUTHENTICATION_PASS,
    AUTHENTICATION_FAIL,     /* also softfail */
    AUTHENTICATION_TEMPERROR /* could not be found out in time */
};

#define SIGNATURES_MAX 10

struct authentication_signature {
    enum authentication_result result;
    struct span domain; /* d=, lower case; empty: not told */
};

struct authentication {
    bool known; /* somebody trusted looked at the message, or should have, whatever came out */
    enum authentication_result spf, dkim, dmarc; /* dkim: the best of the signatures */
    struct span spf_domain;   /* of the envelope sender that SPF was asked about; empty: not told */
    struct span dmarc_domain; /* of the From that DMARC was asked about; empty: not told */
    struct authentication_signature signatures[SIGNATURES_MAX];
    size_t signature_count;
};

/* The authserv-id that starts the value of an Authentication-Results header, whatever follows; in
 * `arena` when it has to be rewritten. Empty: there is none. */
struct span authentication_authserv_id(struct arena *arena, struct span value);

/* Reads a whole value (unfolded, RFC 2047 words as they are: a decoded one could hold a ';').
 * `*found` has what it says of these methods, `known` set, domains in lower case. false: it is not
 * of version 1, breaks the grammar of RFC 8601 2.2 (but a ';' at its end is borne), or is longer
 * than 16 KiB, and `*found` is then all absent. */
bool authentication_read(struct arena *arena, struct span value, struct authentication *found);

/* Adds what `found` says of methods that `sum` has nothing of. The first to speak of a method is
 * the last to have looked, since headers are put on top; nothing below can add to it. */
void authentication_add(struct authentication *sum, const struct authentication *found);

/* Whether the From domain is authenticated (RFC 7489 3.1, relaxed): DMARC passed for it, or the
 * domain of a valid signature, or one that SPF passed for, is of the same organisation; unless
 * DMARC failed for it. */
bool authentication_aligned(const struct authentication *authentication, struct span from_domain);

/* What a sender claims, as an identity: where somebody `known` to tell looked, with what came out
 * behind it, so that whoever forges it neither borrows nor spoils what is known of the real one. */
struct span authentication_claim(struct arena *arena, struct span claim, bool known,
                                 bool authenticated);

/* Such a claim without what stands behind it. */
struct span authentication_unmarked(struct span claim);

/* Whether SPF passed for the domain of the envelope sender. */
bool authentication_is_sender(const struct authentication *authentication, struct span domain);

#endif
