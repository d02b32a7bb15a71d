#include "store/reputation_table.h"

#define DAY 86400u

/* Half-lives: addresses change hands within weeks; domains and feeds are kept for years.
 *
 * With base rate b and strength s, an identity starts as if s lessons about it had been seen, s * b
 * of them spam. Two things set a row apart:
 * - Who can forge it. HELO names, senders and authors are free to choose, and good links, good text
 *   or a known logo can be borrowed, so their good name counts for little and they cannot wash
 *   anything; their bad name counts more. A client address, a DKIM signature or a pair of people
 *   who know each other is hard to borrow.
 * - How much stands behind one of it. One mail says little about a provider's domain or network
 *   (strong prior), while a link domain, an attachment or near-duplicate text of one spam mail is
 *   part of that campaign (weak prior, and mostly ham before: the first spam gives +1.1).
 * The limits of senders' domains and links are low because both are shared: on the SpamAssassin
 * corpus by date, where much spam was taught before the first ham, providers and list servers are
 * in both (what lists append to what they pass on, too). In mail the links of spam are held to 0.8
 * for that, together; in feeds they are not, where a link is often all there is to go by.
 *
 * What public corpora can tell of these rows (weirctl evaluate --reputations --terms), by a
 * logistic regression beside content: shuffled, what the rows for senders' domains, links,
 * attachments and shingles say is worth between 0.9 and 1.2 times of that, for either side, so they
 * stay as they are; a good sender's address is worth 1.6 times its row, which it is not given,
 * being free to forge. Base rates are not fitted: that of a corpus is the share of spam that its
 * makers put into it. No other type occurs in these corpora: those rows are set by hand alone. */
const struct reputation_table reputation_table_default = {
    .types =
        {
            [IDENTITY_IP] = {14 * DAY, 0.5, 4, -2.0, 2.0},
            [IDENTITY_NET] = {14 * DAY, 0.5, 10, -2.0, 2.0},
            [IDENTITY_ASN] = {30 * DAY, 0.5, 50, -0.5, 1.0},
            [IDENTITY_HELO] = {30 * DAY, 0.5, 8, -0.5, 1.5},
            [IDENTITY_ENVELOPE_DOMAIN] = {60 * DAY, 0.5, 8, -0.5, 1.5},
            [IDENTITY_FROM_DOMAIN] = {60 * DAY, 0.5, 8, -0.7, 1.0},
            [IDENTITY_FROM_ADDRESS] = {90 * DAY, 0.5, 4, -1.0, 1.5},
            [IDENTITY_DKIM_DOMAIN] = {60 * DAY, 0.5, 8, -2.0, 2.0},
            [IDENTITY_LINK_DOMAIN] = {60 * DAY, 0.3, 1.8, -0.7, 1.5},
            [IDENTITY_LINK_HOST] = {30 * DAY, 0.3, 1.8, -0.7, 1.5},
            [IDENTITY_ATTACHMENT] = {60 * DAY, 0.3, 1.5, -0.7, 3.0},
            [IDENTITY_FEED] = {90 * DAY, 0.5, 6, -1.5, 1.5},
            [IDENTITY_AUTHOR] = {90 * DAY, 0.5, 4, -1.0, 1.5},
            [IDENTITY_SHINGLE] = {30 * DAY, 0.3, 1.5, -0.7, 3.0},
            [IDENTITY_PAIR] = {90 * DAY, 0.5, 4, -1.5, 1.0},
        },
    .mail =
        {
            [REPUTATION_CLIENT] = {-2.5, 2.5},
            [REPUTATION_SENDER] = {-2.5, 2.0},
            [REPUTATION_LINKS] = {-0.7, 0.8},
            [REPUTATION_CONTENT] = {-0.7, 3.0},
            [REPUTATION_ORIGIN] = {-2.0, 2.0},
        },
    .feed =
        {
            [REPUTATION_CLIENT] = {-2.5, 2.5},
            [REPUTATION_SENDER] = {-2.5, 2.0},
            [REPUTATION_LINKS] = {-0.7, 1.5},
            [REPUTATION_CONTENT] = {-0.7, 3.0},
            [REPUTATION_ORIGIN] = {-2.0, 2.0},
        },
    .source_share = 0.25,
};

enum reputation_group reputation_group_of(enum identity_type type)
{
    static const enum reputation_group groups[IDENTITY_TYPES] = {
        [IDENTITY_IP] = REPUTATION_CLIENT,
        [IDENTITY_NET] = REPUTATION_CLIENT,
        [IDENTITY_ASN] = REPUTATION_CLIENT,
        [IDENTITY_HELO] = REPUTATION_CLIENT,
        [IDENTITY_ENVELOPE_DOMAIN] = REPUTATION_SENDER,
        [IDENTITY_FROM_DOMAIN] = REPUTATION_SENDER,
        [IDENTITY_FROM_ADDRESS] = REPUTATION_SENDER,
        [IDENTITY_DKIM_DOMAIN] = REPUTATION_SENDER,
        [IDENTITY_PAIR] = REPUTATION_SENDER,
        [IDENTITY_LINK_DOMAIN] = REPUTATION_LINKS,
        [IDENTITY_LINK_HOST] = REPUTATION_LINKS,
        [IDENTITY_ATTACHMENT] = REPUTATION_CONTENT,
        [IDENTITY_SHINGLE] = REPUTATION_CONTENT,
        [IDENTITY_FEED] = REPUTATION_ORIGIN,
        [IDENTITY_AUTHOR] = REPUTATION_ORIGIN,
    };
    return groups[type];
}
