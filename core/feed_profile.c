#include "core/feed_profile.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/check_ramp.h"
#include "core/feed_promotion.h"
#include "core/feed_words.h"

#define LAYOUT "feed\0\0\0\2"
#define LAYOUT_1 "feed\0\0\0\1" /* ends where `promotion` begins */
#define LAYOUT_BYTES 8

#define FADE_SHIFT 6 /* a share moves by a 64th of the way with each item */
#define STATISTICS_STEP 0.03f
#define VARIANCE_FIRST 0.02f
#define COMMON 0.4     /* a word in so many items is of the language, or of the template */
#define RARE 0.03      /* and in fewer of none: it was in one or two */
#define RARE_ITEMS 1.5 /* what one item alone had is never known, however young the profile is */
#define WORDS_MIN 4    /* of the topic, that an item needs to be compared by */
#define COMMON_WORDS_MIN 6 /* of the profile, to tell another language by */
#define SLACK 0.7f         /* deviations that are nothing */
#define STEP_MOST 2.0f     /* that one item moves a sum by */
#define ODD_SUM 1.5f       /* beyond it an item is odd */
#define LINKS_LEARNED 4    /* one of so many items with odd links moves what is usual of links */
#define LATELY_SHIFT 3     /* as FADE_SHIFT, of odd items */
#define TEMPLATE 0.65      /* a word in so many of the last odd items is of a new template */
/* A change that lasts so long, and for so many items, is what the feed is. */
#define SETTLED_DAYS 30
#define SETTLED_ITEMS 20
/* As if an item had so many more: one word of a short one says little. */
#define PROMOTION_WORDS 32
#define SUM_MOST 12.0f /* so that it comes back */
#define DAY_S 86400.0
#define MONTH_S (30 * DAY_S)
#define AGE_LEAST_DAYS 14 /* before a flood can be told from a start */
#define FLOOD_LEAST 10

/* What layout 1 knew nothing of begins with nothing. */
static void widen(struct feed_profile *profile)
{
    profile->odd_let_through = 0;
    if (profile->items && profile->links.variance == 0)
        profile->links.variance = VARIANCE_FIRST;
}

bool feed_profile_decode(struct feed_profile *profile, const void *bytes, size_t length)
{
    const size_t length_1 = LAYOUT_BYTES + offsetof(struct feed_profile, promotion);
    memset(profile, 0, sizeof *profile); /* what lies between its fields is stored, too */
    bool is_1 = length == length_1 && memcmp(bytes, LAYOUT_1, LAYOUT_BYTES) == 0;
    if (!is_1 && (length != FEED_PROFILE_BYTES || memcmp(bytes, LAYOUT, LAYOUT_BYTES) != 0))
        return false;
    memcpy(profile, (const char *)bytes + LAYOUT_BYTES, length - LAYOUT_BYTES);
    if (is_1)
        widen(profile);
    return true;
}

void feed_profile_encode(const struct feed_profile *profile,
                         unsigned char bytes[FEED_PROFILE_BYTES])
{
    memcpy(bytes, LAYOUT, LAYOUT_BYTES);
    memcpy(bytes + LAYOUT_BYTES, profile, sizeof *profile);
}

/* --- shares --- */

static struct feed_share *find(struct feed_share *shares, size_t count, uint32_t hash)
{
    for (size_t i = 0; i < count; i++)
        if (shares[i].share && shares[i].hash == hash)
            return &shares[i];
    return NULL;
}

static int compare_hashes(const void *a, const void *b)
{
    uint32_t x = ((const struct feed_share *)a)->hash, y = ((const struct feed_share *)b)->hash;
    return (x > y) - (x < y);
}

/* When there is no free place, one of four new ones is let in for the smallest that is there: most
 * words come once, and would drive out those that come in every tenth item before they come again
 * (sticky sampling: Manku and Motwani, "Approximate Frequency Counts over Data Streams", 2002). */
static bool is_let_in(uint32_t hash, uint32_t items)
{
    return feed_words_hash(hash + (uint64_t)items * 0x9e3779b97f4a7c15u) % 4 == 0;
}

/* All fade by `fade` (a shift); those of the set grow by `growth`. Where nothing fades (0), they
 * grow no further than to where a word is not new any more: not to what the language's own have. */
static void learn_set(struct feed_share *shares, size_t size, const struct feed_words *set,
                      uint32_t items, unsigned growth, unsigned fade)
{
    const uint16_t one = (uint16_t)(FEED_PROFILE_WHOLE >> growth);
    const double most = fade ? FEED_PROFILE_WHOLE : COMMON * FEED_PROFILE_WHOLE - one;
    uint32_t fresh[FEED_WORDS_MAX];
    size_t fresh_count = 0;
    struct feed_share sorted[FEED_PROFILE_WORDS];
    size_t known = 0;
    for (size_t i = 0; i < size; i++) {
        if (fade)
            shares[i].share = (uint16_t)(shares[i].share - (shares[i].share >> fade) -
                                         (shares[i].share && shares[i].share < 1u << fade));
        if (shares[i].share && shares[i].share <= most && feed_words_has(set, shares[i].hash))
            shares[i].share = (uint16_t)(shares[i].share + one);
        if (shares[i].share)
            sorted[known++] = shares[i];
    }
    qsort(sorted, known, sizeof *sorted, compare_hashes);
    size_t room = size - known;
    for (size_t i = 0; i < set->count; i++) {
        struct feed_share key = {set->items[i], 0};
        if ((fresh_count < room || is_let_in(key.hash, items)) &&
            !bsearch(&key, sorted, known, sizeof *sorted, compare_hashes))
            fresh[fresh_count++] = set->items[i];
    }
    size_t next = 0;
    for (unsigned limit = 1; next < fresh_count && limit <= one + 1u; limit += one / 4)
        for (size_t i = 0; i < size && next < fresh_count; i++)
            if (shares[i].share < limit)
                shares[i] = (struct feed_share){fresh[next++], one};
}

/* Up to where a share can have grown: that of a young profile has not had the time. */
static double maturity(const struct feed_profile *profile)
{
    return profile->items ? 1 - pow(1 - 1.0 / (1 << FADE_SHIFT), profile->items) : 1;
}

/* --- charts --- */

static void chart_learn(struct feed_chart *chart, float value, bool first, float step)
{
    float off = value - chart->mean;
    if (first) {
        *chart = (struct feed_chart){.mean = value, .variance = VARIANCE_FIRST};
        return;
    }
    chart->mean += step * off;
    chart->variance += step * (off * off - chart->variance);
}

/* How far `value` is to the bad side (`direction` 1: above is bad, -1: below), in deviations; the
 * step that the sum makes. */
static float chart_move(struct feed_chart *chart, float value, float direction, float least)
{
    float deviation = fmaxf(sqrtf(fmaxf(chart->variance, 0)), least);
    float step = direction * (value - chart->mean) / deviation - SLACK;
    step = fminf(fmaxf(step, -STEP_MOST), STEP_MOST);
    chart->sum = fminf(fmaxf(chart->sum + step, 0), SUM_MOST);
    return step;
}

/* --- comparing --- */

struct seen {
    size_t topic, topic_known; /* words that are not of the language; of them known */
    double common, common_met; /* shares of common words, and of those met */
    size_t common_words;
};

/* From what share on something is known. */
static double least_known(double grown)
{
    return fmax(grown * RARE, RARE_ITEMS * (FEED_PROFILE_WHOLE >> FADE_SHIFT));
}

static void look_at_words(struct feed_profile *profile, const struct feed_words *words,
                          struct seen *seen)
{
    double grown = FEED_PROFILE_WHOLE * maturity(profile), least = least_known(grown);
    *seen = (struct seen){.topic = words->count};
    for (size_t i = 0; i < FEED_PROFILE_WORDS; i++) {
        double share = profile->words[i].share / grown;
        bool met = profile->words[i].share && feed_words_has(words, profile->words[i].hash);
        if (share >= COMMON) {
            seen->common += share;
            seen->common_words++;
            seen->common_met += met ? share : 0;
            seen->topic -= met;
        } else if (profile->words[i].share >= least) {
            seen->topic_known += met;
        }
    }
}

/* The share of the item's topic that is the feed's; negative: it says too little. */
static float topic_figure(const struct seen *seen)
{
    return seen->topic < WORDS_MIN ? -1 : (float)seen->topic_known / (float)seen->topic;
}

/* How much of the item is words of advertising. */
static float promotion_figure(const struct feed_words *words, size_t count)
{
    return (float)count / (float)(words->count + PROMOTION_WORDS);
}

/* The share of the sites that the feed does not link to; negative: no links. */
static float links_figure(struct feed_profile *profile, const struct feed_words *domains)
{
    double least = least_known(FEED_PROFILE_WHOLE * maturity(profile));
    size_t unknown = 0;
    for (size_t i = 0; i < domains->count; i++) {
        const struct feed_share *known =
            find(profile->domains, FEED_PROFILE_DOMAINS, domains->items[i]);
        unknown += !known || known->share < least;
    }
    return domains->count ? (float)unknown / (float)domains->count : -1;
}

/* Another script than nearly all items had, or none of the words that nearly all have. */
static bool is_other_language(struct feed_profile *profile, const struct document *document,
                              const struct feed_words *words, const struct seen *seen)
{
    const struct feed_share *script = NULL;
    if (document->script != SCRIPT_NONE && words->count >= WORDS_MIN) {
        for (size_t i = 0; i < SCRIPTS; i++)
            if (profile->scripts[i].share > 0.9 * FEED_PROFILE_WHOLE * maturity(profile))
                script = &profile->scripts[i];
        if (script && script->hash != document->script)
            return true;
    }
    return words->count >= 30 && seen->common_words >= COMMON_WORDS_MIN &&
           seen->common_met < 0.2 * seen->common;
}

static double faded(double count, double seconds, double half_life_s)
{
    return seconds > 0 ? count * exp2(-seconds / half_life_s) : count;
}

/* What came of this shape within a day, against what the feed has in one. */
static double flood(struct feed_profile *profile, uint32_t hash, int64_t now_s, double *lately)
{
    double age_days = (double)(now_s - profile->first_s) / DAY_S;
    double since = (double)(now_s - profile->last_s);
    double days = fmin(age_days, 30 / M_LN2);
    *lately = 0;
    if (age_days < AGE_LEAST_DAYS)
        return 0;
    for (size_t i = 0; i < FEED_PROFILE_SHAPES; i++) {
        struct feed_shape *shape = &profile->shapes[i];
        if (shape->hash != hash || shape->share > 0.75 * FEED_PROFILE_WHOLE * maturity(profile))
            continue;
        double usual = faded(profile->per_month, since, MONTH_S) / days;
        *lately = shape->lately;
        return ramp(*lately, FLOOD_LEAST + 3 * usual, FLOOD_LEAST * 2 + 8 * usual);
    }
    return 0;
}

/* One more of that shape came; a new one takes the place of the rarest. */
static void add_shape(struct feed_profile *profile, uint32_t hash, int64_t now_s)
{
    struct feed_shape *place = NULL;
    double since = (double)(now_s - profile->shapes_s);
    for (size_t i = 0; i < FEED_PROFILE_SHAPES; i++) {
        struct feed_shape *shape = &profile->shapes[i];
        shape->lately = (float)faded(shape->lately, since, DAY_S);
        if (shape->hash == hash)
            place = shape;
    }
    for (size_t i = 0; i < FEED_PROFILE_SHAPES && (!place || place->hash != hash); i++) {
        struct feed_shape *shape = &profile->shapes[i];
        if (!place || shape->share + 64 * shape->lately < place->share + 64 * place->lately)
            place = shape;
    }
    if (place->hash != hash)
        *place = (struct feed_shape){.hash = hash};
    place->lately += 1;
    profile->shapes_s = now_s > profile->shapes_s ? now_s : profile->shapes_s;
}

static void note_change(struct feed_profile *profile, const struct feed_change *change,
                        int64_t now_s)
{
    bool changed = change->topic > 0.5 || change->language > 0.5 || change->promotion > 0.5 ||
                   profile->odd_items > SETTLED_ITEMS;
    if (changed && !profile->changed_s) {
        profile->changed_s = now_s;
        profile->odd_let_through = 0;
    } else if (profile->topic.sum == 0 && profile->promotion.sum == 0 && !profile->language_run) {
        profile->changed_s = 0;
        profile->odd_items = 0;
        memset(profile->lately, 0, sizeof profile->lately);
        memset(profile->promoted, 0, sizeof profile->promoted);
    }
}

/* Another language has other words: that is one change and not two. */
static void compare_words(struct feed_profile *profile, const struct document *document,
                          const struct feed_words *words, struct feed_change *change)
{
    struct seen seen;
    look_at_words(profile, words, &seen);
    float topic = topic_figure(&seen);
    bool other = is_other_language(profile, document, words, &seen);
    if (topic >= 0) {
        chart_move(&profile->topic, topic, -1, 0.04f);
        profile->language_run = other ? profile->language_run + 1 : 0;
    }
    change->topic = topic >= 0 && !other ? ramp(profile->topic.sum, 3, 7) : 0;
    change->topic_known = topic;
    change->topic_usual = profile->topic.mean;
    change->language = other ? ramp(profile->language_run, 1, 4) : 0;
    change->run = profile->language_run;
}

/* Words of advertising in the item and in the odd ones before it. A sponsor, who is thanked under
 * each item, has few, and the same again and again. */
static size_t promotion_variety(const struct feed_profile *profile, const struct feed_words *words,
                                size_t count)
{
    for (size_t i = 0; i < FEED_PROFILE_PROMOTED; i++)
        count += profile->promoted[i].share && !feed_words_has(words, profile->promoted[i].hash);
    return count;
}

/* An item with hardly such a word is nothing of it, whatever came before it. */
static void compare_promotion(struct feed_profile *profile, const struct feed_words *words,
                              struct feed_change *change)
{
    if (profile->promotion_items < FEED_PROFILE_ITEMS_LEAST || !words->count)
        return;
    size_t count = feed_promotion_count(words);
    float step = chart_move(&profile->promotion, promotion_figure(words, count), 1, 0.02f);
    change->promotion_words = promotion_variety(profile, words, count);
    if (step > 0 && count >= 2)
        change->promotion =
            ramp(profile->promotion.sum, 2, 6) * ramp((double)change->promotion_words, 3, 8);
}

static void compare_links(struct feed_profile *profile, const struct document *document,
                          struct feed_change *change)
{
    struct feed_words domains;
    feed_words_domains_of(&domains, document);
    float links = links_figure(profile, &domains);
    if (links >= 0)
        chart_move(&profile->links, links, 1, 0.2f);
    change->links = links >= 0 ? ramp(profile->links.sum, 1.5, 5) : 0;
    change->links_unknown = links;
}

/* What the items of a change have in common, and how many words of advertising they have: be they
 * held or let through, since that says nothing of what the feed is. */
static void note_odd(struct feed_profile *profile, const struct feed_words *words)
{
    struct feed_words promoted;
    feed_words_clear(&promoted);
    for (size_t i = 0; i < words->count; i++)
        if (feed_promotion_has(words->items[i]))
            feed_words_add_hash(&promoted, words->items[i]);
    learn_set(profile->promoted, FEED_PROFILE_PROMOTED, &promoted, profile->odd_items, LATELY_SHIFT,
              LATELY_SHIFT);
    learn_set(profile->lately, FEED_PROFILE_LATELY, words, profile->odd_items, LATELY_SHIFT,
              LATELY_SHIFT);
    profile->odd_items++;
}

void feed_profile_compare(struct feed_profile *profile, struct document *document, int64_t now_s)
{
    struct feed_change change = {.known = profile->items >= FEED_PROFILE_ITEMS_LEAST};
    struct feed_words words;
    uint32_t shape = feed_words_shape_of(document);
    add_shape(profile, shape, now_s);
    if (!change.known)
        return;
    feed_words_of(&words, document);
    compare_words(profile, document, &words, &change);
    compare_promotion(profile, &words, &change);
    compare_links(profile, document, &change);
    change.flood = flood(profile, shape, now_s, &change.flood_items);
    change.odd = profile->topic.sum > ODD_SUM || profile->promotion.sum > ODD_SUM ||
                 profile->language_run > 0;
    if (change.odd)
        note_odd(profile, &words);
    document->feed_change = change;
    note_change(profile, &change, now_s);
}

/* --- learning --- */

static void learn_script(struct feed_profile *profile, uint8_t script)
{
    for (size_t i = 0; i < SCRIPTS; i++) {
        struct feed_share *share = &profile->scripts[i];
        share->hash = (uint32_t)i;
        share->share = (uint16_t)(share->share - (share->share >> FADE_SHIFT));
        if (i == script && script != SCRIPT_NONE)
            share->share = (uint16_t)(share->share + (FEED_PROFILE_WHOLE >> FADE_SHIFT));
    }
}

static void learn_shape(struct feed_profile *profile, uint32_t hash)
{
    for (size_t i = 0; i < FEED_PROFILE_SHAPES; i++) {
        struct feed_shape *shape = &profile->shapes[i];
        shape->share = (uint16_t)(shape->share - (shape->share >> FADE_SHIFT));
        if (shape->hash == hash)
            shape->share = (uint16_t)(shape->share + (FEED_PROFILE_WHOLE >> FADE_SHIFT));
    }
}

/* The figures of a feed that is only a few items old are those of a lack of memory. An item that
 * links nowhere links to no new site: else a feed that never did would have its first ones taken
 * for what is usual. */
static void learn_figures(struct feed_profile *profile, const struct feed_words *words,
                          const struct feed_words *domains)
{
    struct seen seen;
    look_at_words(profile, words, &seen);
    float topic = topic_figure(&seen), links = links_figure(profile, domains);
    bool first = profile->items <= FEED_PROFILE_ITEMS_LEAST / 2;
    float step = fmaxf(STATISTICS_STEP, 1.0f / (float)(profile->items + 1));
    if (topic >= 0)
        chart_learn(&profile->topic, topic, first || profile->topic.mean == 0, step);
    if (profile->links.sum <= ODD_SUM || profile->items % LINKS_LEARNED == 0)
        chart_learn(&profile->links, fmaxf(links, 0), first || profile->links.variance == 0, step);
    step = fmaxf(STATISTICS_STEP, 1.0f / (float)(profile->promotion_items + 1));
    chart_learn(&profile->promotion, promotion_figure(words, feed_promotion_count(words)),
                profile->promotion_items == 0, step);
    profile->promotion_items += profile->promotion_items < UINT32_MAX;
}

/* Items unlike those before are not what the feed is until a person says so, or time does: one that
 * was let through, tagged or not, would make the next ones look usual. Only words that nearly all
 * of them have are learned, but for those of advertising: they are of a new template, or of the
 * blessing under each article. */
static void learn_odd(struct feed_profile *profile, const struct feed_words *words)
{
    struct feed_words template;
    profile->odd_let_through += profile->odd_let_through < UINT32_MAX;
    feed_words_clear(&template);
    for (size_t i = 0; i < FEED_PROFILE_LATELY; i++) {
        uint32_t hash = profile->lately[i].hash;
        if (profile->lately[i].share >= TEMPLATE * FEED_PROFILE_WHOLE &&
            feed_words_has(words, hash) && !feed_promotion_has(hash))
            feed_words_add_hash(&template, hash);
    }
    learn_set(profile->words, FEED_PROFILE_WORDS, &template, profile->odd_let_through, FADE_SHIFT,
              0);
}

/* The sites of an odd item are learned like all: one that comes with each item is of the template,
 * and one that is new each time stays new. */
static void learn_texts(struct feed_profile *profile, const struct document *document)
{
    struct feed_words words, domains;
    feed_words_of(&words, document);
    feed_words_domains_of(&domains, document);
    if (document->feed_change.odd) {
        learn_odd(profile, &words);
    } else {
        learn_figures(profile, &words, &domains);
        learn_set(profile->words, FEED_PROFILE_WORDS, &words, profile->items, FADE_SHIFT,
                  FADE_SHIFT);
        learn_script(profile, document->script);
    }
    learn_set(profile->domains, FEED_PROFILE_DOMAINS, &domains, profile->items, FADE_SHIFT,
              FADE_SHIFT);
}

void feed_profile_learn(struct feed_profile *profile, const struct document *document,
                        int64_t now_s)
{
    bool odd = document->feed_change.odd;
    learn_texts(profile, document);
    learn_shape(profile, feed_words_shape_of(document));
    profile->per_month =
        (float)faded(profile->per_month, (double)(now_s - profile->last_s), MONTH_S) + 1;
    profile->items += !odd && profile->items < UINT32_MAX;
    if (!profile->first_s)
        profile->first_s = now_s;
    profile->last_s = now_s > profile->last_s ? now_s : profile->last_s;
    if (odd && profile->changed_s && profile->odd_let_through >= SETTLED_ITEMS &&
        now_s - profile->changed_s > SETTLED_DAYS * (int64_t)DAY_S)
        feed_profile_accept(profile);
}

void feed_profile_accept(struct feed_profile *profile)
{
    int64_t first_s = profile->first_s;
    *profile = (struct feed_profile){.first_s = first_s, .last_s = profile->last_s};
}
