#include "core/reputation.h"

#include <math.h>
#include <string.h>

#define NEGLIGIBLE 0.05 /* log-odds that are not worth a line */

static const struct {
    const char *symbol;
    const char *words; /* what its value is, for people */
} types[IDENTITY_TYPES] = {
    [IDENTITY_IP] = {"REPUTATION_IP", "client address"},
    [IDENTITY_NET] = {"REPUTATION_NET", "network of the client"},
    [IDENTITY_ASN] = {"REPUTATION_ASN", "autonomous system of the client"},
    [IDENTITY_HELO] = {"REPUTATION_HELO", "name in HELO"},
    [IDENTITY_ENVELOPE_DOMAIN] = {"REPUTATION_ENVELOPE_DOMAIN", "envelope sender's domain"},
    [IDENTITY_FROM_DOMAIN] = {"REPUTATION_FROM_DOMAIN", "sender's domain"},
    [IDENTITY_FROM_ADDRESS] = {"REPUTATION_FROM_ADDRESS", "sender's address"},
    [IDENTITY_DKIM_DOMAIN] = {"REPUTATION_DKIM_DOMAIN", "signed by domain"},
    [IDENTITY_LINK_DOMAIN] = {"REPUTATION_LINK_DOMAIN", "domain of a link"},
    [IDENTITY_LINK_HOST] = {"REPUTATION_LINK_HOST", "host of a link"},
    [IDENTITY_ATTACHMENT] = {"REPUTATION_ATTACHMENT", "attachment"},
    [IDENTITY_FEED] = {"REPUTATION_FEED", "feed"},
    [IDENTITY_AUTHOR] = {"REPUTATION_AUTHOR", "author"},
    [IDENTITY_SHINGLE] = {"REPUTATION_SHINGLE", "text like that of"},
    [IDENTITY_PAIR] = {"REPUTATION_PAIR", "sender and recipient"},
};

#define HAIR 0.01 /* of log-odds */

struct reputation_weight reputation_weight(const struct reputation_table *table,
                                           enum identity_type type,
                                           const struct reputation_counts *counts, int64_t now_s)
{
    /* In double before the subtraction: times from a store may be anything. */
    double age_s = (double)now_s - (double)counts->time_s;
    double left = age_s > 0 ? exp2(-age_s / table->types[type].half_life_s) : 1;
    return (struct reputation_weight){counts->ham_milli * left / 1000,
                                      counts->spam_milli * left / 1000,
                                      counts->seen_milli * left / 1000};
}

bool reputation_override_in_force(const struct reputation_counts *counts, int64_t now_s)
{
    return counts->override == OVERRIDE_PIN ||
           (counts->override == OVERRIDE_SET && now_s < counts->override_until_s);
}

double reputation_log_odds(const struct reputation_table *table, enum identity_type type,
                           const struct reputation_counts *counts, int64_t now_s)
{
    if (reputation_override_in_force(counts, now_s))
        return counts->override_centi / 100.0;
    if (!counts->ham_milli && !counts->spam_milli) /* as most are */
        return 0;
    const struct reputation_parameters *parameters = &table->types[type];
    struct reputation_weight weight = reputation_weight(table, type, counts, now_s);
    double prior_spam = parameters->strength * parameters->base_rate;
    double prior_ham = parameters->strength - prior_spam;
    double of_spam = log1p(weight.spam / prior_spam), of_ham = log1p(weight.ham / prior_ham);
    return fmax(parameters->ham_limit / (1 + of_spam),
                fmin(parameters->spam_limit / (1 + of_ham), of_spam - of_ham));
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

/* Copies of one text share most bands of shingles, texts that are only alike in places one by
 * chance: the two bands that speak most for spam are heard, each half. The admin's word about one
 * stands alone. */
static void hear_second_band(struct voice *first, const struct voice *second, int64_t now_s)
{
    if (second->identity && !reputation_override_in_force(first->counts, now_s))
        first->log_odds = (first->log_odds + second->log_odds) / 2;
}

/* One type speaks once, by the identity that speaks most for spam: bad company is not washed by
 * good, nor by what nobody knows. */
static void hear(const struct reputation_table *table, const struct document *document,
                 const struct reputation_counts *counts, int64_t now_s,
                 struct voice voices[IDENTITY_TYPES])
{
    struct voice second_band = {0};
    for (size_t i = 0; i < document->identity_count; i++) {
        const struct identity *identity = &document->identities[i];
        struct voice *voice = &voices[identity->type], other = *voice;
        double log_odds = reputation_log_odds(table, identity->type, &counts[i], now_s);
        bool ruled =
            identity->type == IDENTITY_NET && reputation_override_in_force(&counts[i], now_s);
        if (!voice->identity || ruled > voice->ruled ||
            (ruled == voice->ruled && log_odds > voice->log_odds))
            *voice = (struct voice){identity, &counts[i], log_odds, ruled};
        else
            other = (struct voice){identity, &counts[i], log_odds, ruled};
        if (identity->type == IDENTITY_SHINGLE && other.identity &&
            (!second_band.identity || other.log_odds > second_band.log_odds))
            second_band = other;
    }
    hear_second_band(&voices[IDENTITY_SHINGLE], &second_band, now_s);
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

/* Voices of a group that say more than it may are all turned down alike. The admin's word is none
 * of theirs. */
static void hold_groups(const struct reputation_limits limits[REPUTATION_GROUPS], int64_t now_s,
                        struct voice voices[IDENTITY_TYPES])
{
    double sums[REPUTATION_GROUPS] = {0};
    bool counts[IDENTITY_TYPES];
    for (int type = 0; type < IDENTITY_TYPES; type++) {
        const struct voice *voice = &voices[type];
        counts[type] = voice->identity && !reputation_override_in_force(voice->counts, now_s);
        if (counts[type])
            sums[reputation_group_of((enum identity_type)type)] += voice->log_odds;
    }
    for (int type = 0; type < IDENTITY_TYPES; type++) {
        enum reputation_group group = reputation_group_of((enum identity_type)type);
        double sum = sums[group], most = fmax(limits[group].ham, fmin(limits[group].spam, sum));
        if (counts[type] && most != sum)
            voices[type].log_odds *= most / sum;
    }
}

#define LESSONS_DIGITS 16 /* counts have 32 bits, thousandths among them */

/* "12", "0.4": counts decay, and nobody needs more digits. Returns what is behind. */
static char *put_lessons(char *out, double lessons)
{
    uint64_t tenths = (uint64_t)round(lessons * 10), whole = tenths / 10;
    char digits[LESSONS_DIGITS], *at = digits + sizeof digits;
    do {
        *--at = (char)('0' + whole % 10);
        whole /= 10;
    } while (whole);
    out = mempcpy(out, at, (size_t)(digits + sizeof digits - at));
    if (tenths % 10) {
        *out++ = '.';
        *out++ = (char)('0' + tenths % 10);
    }
    return out;
}

static char *put_text(char *out, struct span text)
{
    return mempcpy(out, text.data, text.length);
}

/* "evil.example: 12 spam, 0 ham" */
static struct span voice_detail(const struct reputation_table *table, struct arena *arena,
                                const struct voice *voice, int64_t now_s)
{
    struct span value = voice->identity->value;
    if (!value.length) /* read back from a record */
        return SPAN("");
    if (reputation_override_in_force(voice->counts, now_s))
        return arena_printf(arena, "%.*s: %s by the admin", SPAN_ARGS(value),
                            voice->counts->override == OVERRIDE_PIN ? "pinned" : "set");
    struct reputation_weight weight =
        reputation_weight(table, voice->identity->type, voice->counts, now_s);
    /* Not printf(): each message has several, and it takes longer than what they tell of. */
    char *text = arena_text(arena, value.length + 2 * LESSONS_DIGITS + 24), *out = text;
    out = put_text(put_text(out, value), SPAN(": "));
    out = put_text(put_lessons(out, weight.spam), SPAN(" spam, "));
    out = put_text(put_lessons(out, weight.ham), SPAN(" ham"));
    return (struct span){text, (size_t)(out - text)};
}

void reputation_evidence(const struct reputation_table *table, const struct document *document,
                         const struct reputation_counts *counts, int64_t now_s,
                         struct evidence_list *list)
{
    struct voice voices[IDENTITY_TYPES] = {{0}};
    hear(table, document, counts, now_s, voices);
    hold_groups(document->channel == CHANNEL_FEED ? table->feed : table->mail, now_s, voices);
    for (int type = 0; type < IDENTITY_TYPES; type++)
        if (fabs(voices[type].log_odds) >= NEGLIGIBLE)
            evidence_add(list, reputation_symbol((enum identity_type)type), voices[type].log_odds,
                         voice_detail(table, document->arena, &voices[type], now_s));
}
