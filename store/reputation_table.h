/* reputation_table: the numbers that reputations of each type of identity go by. A table never
 * changes: whoever wants other numbers makes another one and puts it where the first was, as with
 * the configuration, which holds the one in force. */
#ifndef WEIR_REPUTATION_TABLE_H
#define WEIR_REPUTATION_TABLE_H

#include "store/identity.h"

#include <stdint.h>

/* What its identities are believed to be is told in core/reputation.h: reputation_log_odds(). */
struct reputation_parameters {
    uint32_t half_life_s; /* in which counts lose half their weight; at least 1 */
    double base_rate;     /* share of spam that is expected before any lesson; between 0 and 1 */
    double strength;      /* of that expectation, in lessons; above 0 */
    double ham_limit;     /* the most it speaks for ham, in log-odds; not above 0 */
    double spam_limit;    /* and for spam; not below 0 */
};

/* Types that say the same thing in other words: who connects, who signs or claims to write, where
 * links lead, what the text is like, where an item stands. */
enum reputation_group {
    REPUTATION_CLIENT,  /* ip, net, asn, helo */
    REPUTATION_SENDER,  /* envelope-domain, from-domain, from-address, dkim-domain, pair */
    REPUTATION_LINKS,   /* link-domain, link-host */
    REPUTATION_CONTENT, /* attachment, shingle */
    REPUTATION_ORIGIN,  /* feed, author */
    REPUTATION_GROUPS
};

struct reputation_limits {
    double ham, spam; /* the most all types of a group say together, in log-odds */
};

struct reputation_table {
    struct reputation_parameters types[IDENTITY_TYPES];
    struct reputation_limits mail[REPUTATION_GROUPS]; /* in mail */
    struct reputation_limits feed[REPUTATION_GROUPS]; /* in items of feeds */
    double source_share; /* of a reputation that one source of lessons, other than the operator, may
                          * make up; from 0 to 1, which is no limit */
};

enum reputation_group reputation_group_of(enum identity_type type);

/* Where each number of it comes from stands beside it. */
extern const struct reputation_table reputation_table_default;

#endif
