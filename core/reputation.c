#include "core/reputation.h"

#include <math.h>

#define NEGLIGIBLE 0.05 /* log-odds that are not worth a line */

/* With base rate b and strength s, an identity starts as if s lessons about it had been seen, s * b
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
 * in both. A limit of 1.1 for the links of spam was tried: 7.5 % of spam missed at 0.1 % of ham
 * misjudged instead of 8.8 %, by date and no difference shuffled; but then what mail taught of a
 * link does not sink a feed item any more, which is what it is for.
 *
 * What public corpora can tell of these rows (weirctl evaluate --reputations --terms), by a
 * logistic regression beside content: shuffled, what the rows for senders' domains, links,
 * attachments and shingles say is worth between 0.9 and 1.2 times of that, for either side, so they
 * stay as they are; a good sender's address is worth 1.6 times its row, which it is not given,
 * being free to forge. Base rates are not fitted: that of a corpus is the share of spam that its
 * makers put into it. No other type occurs in these corpora: those rows are set by hand alone. */
static const struct {
    const char *symbol;
    const char *words; /* what its value is, for people */
    double base_rate;
    double strength;
    double ham_limit; /* the most it speaks for ham, and for spam, in log-odds */
    double spam_limit;
} types[IDENTITY_TYPES] = {
    [IDENTITY_IP] = {"REPUTATION_IP", "client address", 0.5, 4, -2.0, 2.0},
    [IDENTITY_NET] = {"REPUTATION_NET", "network of the client", 0.5, 10, -2.0, 2.0},
    [IDENTITY_ASN] = {"REPUTATION_ASN", "autonomous system of the client", 0.5, 50, -0.5, 1.0},
    [IDENTITY_HELO] = {"REPUTATION_HELO", "name in HELO", 0.5, 8, -0.5, 1.5},
    [IDENTITY_ENVELOPE_DOMAIN] = {"REPUTATION_ENVELOPE_DOMAIN", "envelope sender's domain", 0.5, 8,
                                  -0.5, 1.5},
    [IDENTITY_FROM_DOMAIN] = {"REPUTATION_FROM_DOMAIN", "sender's domain", 0.5, 8, -0.7, 1.0},
    [IDENTITY_FROM_ADDRESS] = {"REPUTATION_FROM_ADDRESS", "sender's address", 0.5, 4, -1.0, 1.5},
    [IDENTITY_DKIM_DOMAIN] = {"REPUTATION_DKIM_DOMAIN", "signed by domain", 0.5, 8, -2.0, 2.0},
    [IDENTITY_LINK_DOMAIN] = {"REPUTATION_LINK_DOMAIN", "domain of a link", 0.3, 1.8, -0.7, 1.5},
    [IDENTITY_LINK_HOST] = {"REPUTATION_LINK_HOST", "host of a link", 0.3, 1.8, -0.7, 1.5},
    [IDENTITY_ATTACHMENT] = {"REPUTATION_ATTACHMENT", "attachment", 0.3, 1.5, -0.7, 3.0},
    [IDENTITY_FEED] = {"REPUTATION_FEED", "feed", 0.5, 6, -1.5, 1.5},
    [IDENTITY_AUTHOR] = {"REPUTATION_AUTHOR", "author", 0.5, 4, -1.0, 1.5},
    [IDENTITY_SHINGLE] = {"REPUTATION_SHINGLE", "text like that of", 0.3, 1.5, -0.7, 3.0},
    [IDENTITY_PAIR] = {"REPUTATION_PAIR", "sender and recipient", 0.5, 4, -1.5, 1.0},
};

#define HAIR 0.01 /* of log-odds */

struct reputation_weight reputation_weight(enum identity_type type,
                                           const struct reputation_counts *counts, int64_t now_s)
{
    /* In double before the subtraction: times from a store may be anything. */
    double age_s = (double)now_s - (double)counts->time_s;
    double left = age_s > 0 ? exp2(-age_s / identity_half_life_s(type)) : 1;
    return (struct reputation_weight){counts->ham_milli * left / 1000,
                                      counts->spam_milli * left / 1000};
}

bool reputation_override_in_force(const struct reputation_counts *counts, int64_t now_s)
{
    return counts->override == OVERRIDE_PIN ||
           (counts->override == OVERRIDE_SET && now_s < counts->override_until_s);
}

double reputation_log_odds(enum identity_type type, const struct reputation_counts *counts,
                           int64_t now_s)
{
    if (reputation_override_in_force(counts, now_s))
        return counts->override_centi / 100.0;
    struct reputation_weight weight = reputation_weight(type, counts, now_s);
    double prior_spam = types[type].strength * types[type].base_rate;
    double prior_ham = types[type].strength - prior_spam;
    /* logit of (spam + s b) / (spam + ham + s), less logit of b */
    double log_odds = log1p(weight.spam / prior_spam) - log1p(weight.ham / prior_ham);
    return fmax(types[type].ham_limit, fmin(types[type].spam_limit, log_odds));
}

const char *reputation_symbol(enum identity_type type)
{
    return types[type].symbol;
}

const char *reputation_words(struct span symbol)
{
    for (size_t i = 0; i < IDENTITY_TYPES; i++)
        if (span_equal(symbol, span_of(types[i].symbol)))
            return types[i].words;
    return NULL;
}

/* What is known of one type of identity in a document. */
struct voice {
    const struct identity *identity; /* NULL: the document has none of the type */
    const struct reputation_counts *counts;
    double log_odds;
    bool ruled; /* by the admin, about one of the networks of an address: that stands */
};

/* One type speaks once, by the identity that speaks most for spam: bad company is not washed by
 * good, nor by what nobody knows. */
static void hear(const struct document *document, const struct reputation_counts *counts,
                 int64_t now_s, struct voice voices[IDENTITY_TYPES])
{
    for (size_t i = 0; i < document->identity_count; i++) {
        const struct identity *identity = &document->identities[i];
        struct voice *voice = &voices[identity->type];
        double log_odds = reputation_log_odds(identity->type, &counts[i], now_s);
        bool ruled =
            identity->type == IDENTITY_NET && reputation_override_in_force(&counts[i], now_s);
        if (!voice->identity || ruled > voice->ruled ||
            (ruled == voice->ruled && log_odds > voice->log_odds))
            *voice = (struct voice){identity, &counts[i], log_odds, ruled};
    }
    /* Host and domain of one link say the same thing twice; of two that are as good as equal the
     * domain is heard, whichever has decayed by a hair less. */
    struct voice *host = &voices[IDENTITY_LINK_HOST], *domain = &voices[IDENTITY_LINK_DOMAIN];
    if ((host->log_odds > 0) == (domain->log_odds > 0)) {
        if (host->log_odds > domain->log_odds + HAIR)
            domain->log_odds = 0;
        else
            host->log_odds = 0;
    }
}

/* "12", "0.4": counts decay, and nobody needs more digits. */
static struct span lessons_text(struct arena *arena, double lessons)
{
    double tenths = round(lessons * 10);
    return arena_printf(arena, "%.*f", fmod(tenths, 10) != 0, tenths / 10);
}

/* "evil.example: 12 spam, 0 ham" */
static struct span voice_detail(struct arena *arena, const struct voice *voice, int64_t now_s)
{
    struct span value = voice->identity->value;
    if (reputation_override_in_force(voice->counts, now_s))
        return arena_printf(arena, "%.*s: %s by the admin", SPAN_ARGS(value),
                            voice->counts->override == OVERRIDE_PIN ? "pinned" : "set");
    struct reputation_weight weight =
        reputation_weight(voice->identity->type, voice->counts, now_s);
    struct span spam = lessons_text(arena, weight.spam), ham = lessons_text(arena, weight.ham);
    return arena_printf(arena, "%.*s: %.*s spam, %.*s ham", SPAN_ARGS(value), SPAN_ARGS(spam),
                        SPAN_ARGS(ham));
}

void reputation_evidence(const struct document *document, const struct reputation_counts *counts,
                         int64_t now_s, struct evidence_list *list)
{
    struct voice voices[IDENTITY_TYPES] = {{0}};
    hear(document, counts, now_s, voices);
    for (int type = 0; type < IDENTITY_TYPES; type++)
        if (fabs(voices[type].log_odds) >= NEGLIGIBLE)
            evidence_add(list, reputation_symbol((enum identity_type)type), voices[type].log_odds,
                         voice_detail(document->arena, &voices[type], now_s));
}
