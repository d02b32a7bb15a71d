#include "core/feed_profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/check_ramp.h"

#define LAYOUT "feed\0\0\0\1"
#define LAYOUT_BYTES 8

#define FADE_SHIFT 6 /* a share moves by a 64th of the way with each item */
#define STATISTICS_STEP 0.03f
#define COMMON 0.4         /* a word in so many items is of the language, or of the template */
#define RARE 0.03          /* and in fewer of none: it was in one or two */
#define WORDS_MIN 4        /* of the topic, that an item needs to be compared by */
#define COMMON_WORDS_MIN 6 /* of the profile, to tell another language by */
#define SLACK 0.7f         /* deviations that are nothing */
#define STEP_MOST 2.0f     /* that one item moves a sum by */
#define ODD_SUM 1.5f       /* beyond it an item is odd */
#define ODD_LEARNED                                                                                \
    4                  /* one of so many odd items is learned: a change is not to pass for usual   \
                          before it was noticed, nor to be odd for ever */
#define SUM_MOST 12.0f /* so that it comes back */
#define DAY_S 86400.0
#define MONTH_S (30 * DAY_S)
#define AGE_LEAST_DAYS 14 /* before a flood can be told from a start */
#define FLOOD_LEAST 10

bool feed_profile_decode(struct feed_profile *profile, const void *bytes, size_t length)
{
    memset(profile, 0, sizeof *profile); /* what lies between its fields is stored, too */
    if (length != FEED_PROFILE_BYTES || memcmp(bytes, LAYOUT, LAYOUT_BYTES) != 0)
        return false;
    memcpy(profile, (const char *)bytes + LAYOUT_BYTES, sizeof *profile);
    return true;
}

void feed_profile_encode(const struct feed_profile *profile,
                         unsigned char bytes[FEED_PROFILE_BYTES])
{
    memcpy(bytes, LAYOUT, LAYOUT_BYTES);
    memcpy(bytes + LAYOUT_BYTES, profile, sizeof *profile);
}

/* --- what an item has --- */

#define WORDS_MAX 512u
#define TABLE_SIZE 1024u
#define TEXT_BYTES_MAX ((size_t)16 * 1024)
#define HASH_FACTOR 0x9e3779b97f4a7c15u

struct set {
    uint32_t table[TABLE_SIZE]; /* 0: free */
    uint32_t items[WORDS_MAX];
    size_t count;
};

static uint32_t hash_of(uint64_t value)
{
    value ^= value >> 32;
    value *= HASH_FACTOR;
    uint32_t hash = (uint32_t)(value >> 32);
    return hash ? hash : 1;
}

static void set_add(struct set *set, uint64_t value)
{
    uint32_t hash = hash_of(value), at = hash % TABLE_SIZE;
    while (set->table[at] && set->table[at] != hash)
        at = (at + 1) % TABLE_SIZE;
    if (set->table[at] || set->count == WORDS_MAX)
        return;
    set->table[at] = hash;
    set->items[set->count++] = hash;
}

static bool set_has(const struct set *set, uint32_t hash)
{
    uint32_t at = hash % TABLE_SIZE;
    while (set->table[at] && set->table[at] != hash)
        at = (at + 1) % TABLE_SIZE;
    return set->table[at] == hash;
}

/* Words of letters, folded, and pairs of ideographs. */
static void add_words(struct set *set, struct span text)
{
    const char *at = text.data, *end = at + text.length;
    uint64_t word = 0, before = 0;
    size_t letters = 0;
    while (at < end) {
        uint32_t code_point = text_next(&at, end);
        uint8_t class = text_character(code_point).class;
        if (class == CHARACTER_LETTER) {
            word = word * HASH_FACTOR + text_fold(code_point) + 1;
            letters++;
            before = 0;
            continue;
        }
        if (letters >= 2)
            set_add(set, word);
        word = letters = 0;
        if (class == CHARACTER_IDEOGRAPH && before)
            set_add(set, before * HASH_FACTOR + code_point);
        before = class == CHARACTER_IDEOGRAPH ? code_point : 0;
    }
    if (letters >= 2)
        set_add(set, word);
}

static void gather_words(struct set *set, const struct document *document)
{
    size_t budget = TEXT_BYTES_MAX;
    set->count = 0;
    memset(set->table, 0, sizeof set->table);
    for (size_t i = 0; i < document->text_count && budget; i++) {
        struct span text = span_take(document->texts[i].content, &budget);
        add_words(set, text);
    }
}

static uint64_t mix(uint64_t hash, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * HASH_FACTOR;
    return hash ^ (hash >> 29);
}

/* The sites that an item leads to, its own not among them. */
static void gather_domains(struct set *set, const struct document *document)
{
    set->count = 0;
    memset(set->table, 0, sizeof set->table);
    for (size_t i = 0; i < document->link_count; i++) {
        const struct link *link = &document->links[i];
        if (link->domain.length && !span_equal(link->domain, document->site))
            set_add(set, mix(7, link->domain.data, link->domain.length));
    }
}

static unsigned log2_of(size_t value)
{
    unsigned log = 0;
    for (; value; value >>= 1)
        log++;
    return log;
}

/* How an item is built: its tags, how many links, how long title and text are. Items of people
 * differ in that, those of one program less. */
static uint32_t shape_of(const struct document *document)
{
    uint64_t tags = 0;
    for (size_t i = 0; i < document->structure_count; i++)
        if (document->structures[i].kind == STRUCTURE_TAG)
            tags += mix(3, document->structures[i].name.data, document->structures[i].name.length);
    size_t text = 0;
    for (size_t i = 0; i < document->text_count; i++)
        text += document->texts[i].content.length;
    uint64_t sizes = log2_of(document->link_count) + 64 * log2_of(text) +
                     4096 * (uint64_t)log2_of(document->subject.length);
    return hash_of(tags * HASH_FACTOR + sizes);
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
    return hash_of(hash + (uint64_t)items * HASH_FACTOR) % 4 == 0;
}

/* All fade; those of the set grow. */
static void learn_set(struct feed_share *shares, size_t size, const struct set *set, uint32_t items)
{
    const uint16_t one = FEED_PROFILE_WHOLE >> FADE_SHIFT;
    uint32_t fresh[WORDS_MAX];
    size_t fresh_count = 0;
    struct feed_share sorted[FEED_PROFILE_WORDS];
    size_t known = 0;
    for (size_t i = 0; i < size; i++) {
        shares[i].share = (uint16_t)(shares[i].share - (shares[i].share >> FADE_SHIFT) -
                                     (shares[i].share && shares[i].share < 64));
        if (shares[i].share && set_has(set, shares[i].hash))
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
        *chart = (struct feed_chart){.mean = value, .variance = 0.02f};
        return;
    }
    chart->mean += step * off;
    chart->variance += step * (off * off - chart->variance);
}

/* How far `value` is to the bad side (`direction` 1: above is bad, -1: below), in deviations. */
static void chart_move(struct feed_chart *chart, float value, float direction, float least)
{
    float deviation = fmaxf(sqrtf(fmaxf(chart->variance, 0)), least);
    float step = direction * (value - chart->mean) / deviation - SLACK;
    step = fminf(fmaxf(step, -STEP_MOST), STEP_MOST);
    chart->sum = fminf(fmaxf(chart->sum + step, 0), SUM_MOST);
}

/* --- comparing --- */

struct seen {
    size_t topic, topic_known; /* words that are not of the language; of them known */
    double common, common_met; /* shares of common words, and of those met */
    size_t common_words;
};

static void look_at_words(struct feed_profile *profile, const struct set *words, struct seen *seen)
{
    double grown = FEED_PROFILE_WHOLE * maturity(profile);
    *seen = (struct seen){.topic = words->count};
    for (size_t i = 0; i < FEED_PROFILE_WORDS; i++) {
        double share = profile->words[i].share / grown;
        bool met = profile->words[i].share && set_has(words, profile->words[i].hash);
        if (share >= COMMON) {
            seen->common += share;
            seen->common_words++;
            seen->common_met += met ? share : 0;
            seen->topic -= met;
        } else if (share >= RARE) {
            seen->topic_known += met;
        }
    }
}

/* The share of the item's topic that is the feed's; negative: it says too little. */
static float topic_figure(const struct seen *seen)
{
    return seen->topic < WORDS_MIN ? -1 : (float)seen->topic_known / (float)seen->topic;
}

/* The share of the sites that the feed does not link to; negative: no links. */
static float links_figure(struct feed_profile *profile, const struct set *domains)
{
    double least = FEED_PROFILE_WHOLE * maturity(profile) * RARE;
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
                              const struct set *words, const struct seen *seen)
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
    bool changed = change->topic > 0.5 || change->language > 0.5;
    if (changed && !profile->changed_s)
        profile->changed_s = now_s;
    else if (profile->topic.sum == 0 && !profile->language_run)
        profile->changed_s = 0;
}

void feed_profile_compare(struct feed_profile *profile, struct document *document, int64_t now_s)
{
    struct set set;
    struct seen seen;
    struct feed_change change = {.known = profile->items >= FEED_PROFILE_ITEMS_LEAST};
    uint32_t shape = shape_of(document);
    add_shape(profile, shape, now_s);
    if (!change.known)
        return;
    gather_words(&set, document);
    look_at_words(profile, &set, &seen);
    float topic = topic_figure(&seen);
    bool other = is_other_language(profile, document, &set, &seen);
    if (topic >= 0) {
        chart_move(&profile->topic, topic, -1, 0.04f);
        profile->language_run = other ? profile->language_run + 1 : 0;
    }
    gather_domains(&set, document);
    float links = links_figure(profile, &set);
    if (links >= 0)
        chart_move(&profile->links, links, 1, 0.2f);
    change.topic = topic >= 0 ? ramp(profile->topic.sum, 3, 7) : 0;
    change.topic_known = topic;
    change.topic_usual = profile->topic.mean;
    change.links = links >= 0 ? ramp(profile->links.sum, 1.5, 5) : 0;
    change.links_unknown = links;
    change.language = other ? ramp(profile->language_run, 1, 4) : 0;
    change.run = profile->language_run;
    change.flood = flood(profile, shape, now_s, &change.flood_items);
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

/* The figures of a feed that is only a few items old are those of a lack of memory. */
static void learn_figures(struct feed_profile *profile, const struct set *words,
                          const struct set *domains)
{
    struct seen seen;
    look_at_words(profile, words, &seen);
    float topic = topic_figure(&seen), links = links_figure(profile, domains);
    bool first = profile->items <= FEED_PROFILE_ITEMS_LEAST / 2;
    float step = fmaxf(STATISTICS_STEP, 1.0f / (float)(profile->items + 1));
    if (topic >= 0)
        chart_learn(&profile->topic, topic, first || profile->topic.mean == 0, step);
    if (links >= 0)
        chart_learn(&profile->links, links, first || profile->links.variance == 0, step);
}

/* The sites of an odd item are learned like all: when a new one comes with each item it is one of
 * the template, and what ever other ones it is shows anyway. */
static void learn_texts(struct feed_profile *profile, const struct document *document)
{
    struct set words, domains;
    bool odd = profile->topic.sum > ODD_SUM || profile->language_run;
    profile->odd_items += odd;
    gather_domains(&domains, document);
    if (!odd || profile->odd_items % ODD_LEARNED == 0) {
        gather_words(&words, document);
        if (!odd)
            learn_figures(profile, &words, &domains);
        learn_set(profile->words, FEED_PROFILE_WORDS, &words, profile->items);
        learn_script(profile, document->script);
    }
    learn_set(profile->domains, FEED_PROFILE_DOMAINS, &domains, profile->items);
}

void feed_profile_learn(struct feed_profile *profile, const struct document *document,
                        int64_t now_s)
{
    learn_texts(profile, document);
    learn_shape(profile, shape_of(document));
    profile->per_month =
        (float)faded(profile->per_month, (double)(now_s - profile->last_s), MONTH_S) + 1;
    profile->items += profile->items < UINT32_MAX;
    if (!profile->first_s)
        profile->first_s = now_s;
    profile->last_s = now_s > profile->last_s ? now_s : profile->last_s;
}

void feed_profile_accept(struct feed_profile *profile)
{
    int64_t first_s = profile->first_s;
    *profile = (struct feed_profile){.first_s = first_s, .last_s = profile->last_s};
}
