/* feed_profile: what is remembered of a feed, so that a change of it can be seen: the words and
 * link domains that its items use, the scripts they are written in, how they are built, and how
 * many come. Bounded (FEED_PROFILE_BYTES whatever the feed has), and forgetful: what no item of the
 * last hundred has fades. Items that are held teach it nothing, and those that differ from what the
 * feed was nearly nothing: they would be usual soon. What the feed has become is learned once an
 * admin releases an item of it, or a month has gone.
 *
 * An item is compared with the profile before it is learned. How much of its words the profile
 * knows, and how many of the sites it links to, differ from item to item even in a steady feed; so
 * the mean and the deviation of both are remembered, and what counts is a sum of deviations beyond
 * 0.7 in items that follow each other, which falls back to 0 while all is as usual: a CUSUM chart
 * (Page, "Continuous Inspection Schemes", Biometrika 41, 1954), which is a sequential test begun
 * anew whenever it says "as before" (Wald, "Sequential Tests of Statistical Hypotheses", Annals of
 * Mathematical Statistics 16, 1945). One odd item moves it little.
 *
 * A blog that turns to another subject and a domain that was sold differ from what was before in
 * the same way. What tells them apart is what the new items are about: so a third sum is of the
 * words of what resold domains advertise (core/feed_promotion.h), against what is usual in this
 * feed. */
#ifndef WEIR_FEED_PROFILE_H
#define WEIR_FEED_PROFILE_H

#include "core/document.h"
#include "core/text.h"

#define FEED_PROFILE_WORDS 1024
#define FEED_PROFILE_DOMAINS 64
#define FEED_PROFILE_SHAPES 16
#define FEED_PROFILE_LATELY 256
#define FEED_PROFILE_PROMOTED 48

/* How much of the last items have it, in units of 1/FEED_PROFILE_WHOLE; 0: a free place. */
struct feed_share {
    uint32_t hash;
    uint16_t share;
};
#define FEED_PROFILE_WHOLE 16384

/* Mean and variance of a figure between 0 and 1, as exponentially weighted; and the sum. */
struct feed_chart {
    float mean, variance, sum;
};

/* A way in which items are built, and how many came of late, forgotten by half within a day. */
struct feed_shape {
    uint32_t hash;
    uint16_t share;
    float lately;
};

struct feed_profile {
    uint32_t items;           /* learned */
    int64_t first_s, last_s;  /* when; 0: never */
    int64_t changed_s;        /* since then items are as another feed's; 0: they are not */
    float per_month;          /* items, forgotten by half within 30 days */
    int64_t shapes_s;         /* what came lately is as of then */
    uint32_t odd_let_through; /* items, since `changed_s` */
    uint32_t language_run;    /* items in a row that are in another language */
    struct feed_chart topic, links;
    struct feed_share words[FEED_PROFILE_WORDS];
    struct feed_share domains[FEED_PROFILE_DOMAINS];
    struct feed_share scripts[SCRIPTS]; /* hash: enum script */
    struct feed_shape shapes[FEED_PROFILE_SHAPES];
    struct feed_chart promotion;
    uint32_t promotion_items;                          /* that its figures are of */
    uint32_t odd_items;                                /* since all was as before */
    struct feed_share lately[FEED_PROFILE_LATELY];     /* words of odd items */
    struct feed_share promoted[FEED_PROFILE_PROMOTED]; /* those of advertising */
};

/* Of so many items at least a profile says something. */
#define FEED_PROFILE_ITEMS_LEAST 20u

/* An encoded profile is the structure itself behind a mark of its layout: it never leaves the
 * machine. */
#define FEED_PROFILE_BYTES (8 + sizeof(struct feed_profile))

/* Reads the layout before, too. false: `bytes` are of another one, and the profile is a new one. */
bool feed_profile_decode(struct feed_profile *profile, const void *bytes, size_t length);
void feed_profile_encode(const struct feed_profile *profile,
                         unsigned char bytes[FEED_PROFILE_BYTES]);

/* Sets document->feed_change (when the profile says something), and moves the sums of the profile.
 * Items are to be compared in the order in which they were written. */
void feed_profile_compare(struct feed_profile *profile, struct document *document, int64_t now_s);

/* Learns an item that was let through. */
void feed_profile_learn(struct feed_profile *profile, const struct document *document,
                        int64_t now_s);

/* Forgets what was before: an admin has released an item, so the feed is to be as it is now. */
void feed_profile_accept(struct feed_profile *profile);

#endif
