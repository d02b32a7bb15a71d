#include "core/phrases.h"

#include <stdint.h>
#include <string.h>

#include "core/text.h"

/* Open addressing; when it is three quarters full further keys are not looked at. */
#define KEYS_MAX 2048

struct key {
    uint64_t hash;
    uint32_t phrases;     /* that hold it */
    uint32_t last_phrase; /* 1-based, so that doubles within a phrase count once */
    struct span text;
};

struct keys {
    struct key slots[KEYS_MAX];
    size_t size; /* in use of them, a power of two */
    size_t used;
    uint16_t order[KEYS_MAX]; /* the slots in use, as they came */
};

void phrases_add(struct phrases *phrases, struct span phrase)
{
    if (phrases->count < PHRASES_MAX)
        phrases->items[phrases->count++] = phrase;
}

void phrases_add_distinct(struct phrases *phrases, struct span phrase)
{
    if (phrases->count == PHRASES_MAX)
        return;
    for (size_t i = 0; i < phrases->count; i++) {
        if (span_equal(phrases->items[i], phrase))
            return;
    }
    phrases_add(phrases, phrase);
}

static struct key *find(struct keys *keys, uint64_t hash)
{
    size_t at = hash % keys->size;
    while (keys->slots[at].phrases && keys->slots[at].hash != hash)
        at = (at + 1) % keys->size;
    return &keys->slots[at];
}

static void count_key(struct keys *keys, uint64_t hash, uint32_t phrase, struct span text)
{
    struct key *key = find(keys, hash);
    if (!key->phrases) {
        if (keys->used >= keys->size / 4 * 3)
            return;
        keys->order[keys->used++] = (uint16_t)(key - keys->slots);
        *key = (struct key){hash, 0, 0, text};
    }
    if (key->last_phrase != phrase) {
        key->last_phrase = phrase;
        key->phrases++;
    }
}

static uint64_t mix(uint64_t hash, uint32_t code_point)
{
    hash = (hash ^ code_point) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 29);
}

/* Walks over the keys of one phrase. */
struct walk {
    const char *at, *end;
    uint32_t last_ideograph; /* 0: the character before was none */
    const char *last_start;
};

static bool next_word(struct walk *walk, const char *start, uint32_t first, uint64_t *hash,
                      struct span *text)
{
    size_t length = 1;
    *hash = mix(1, text_fold(first));
    const char *word_end = walk->at;
    while (walk->at < walk->end) {
        uint32_t code_point = text_next(&walk->at, walk->end);
        uint8_t class = text_character(code_point).class;
        if (class != CHARACTER_LETTER && class != CHARACTER_DIGIT) {
            walk->at = word_end;
            break;
        }
        *hash = mix(*hash, text_fold(code_point));
        word_end = walk->at;
        length++;
    }
    *text = (struct span){start, (size_t)(word_end - start)};
    return length >= 4;
}

static bool next_key(struct walk *walk, uint64_t *hash, struct span *text)
{
    while (walk->at < walk->end) {
        const char *start = walk->at;
        uint32_t code_point = text_next(&walk->at, walk->end);
        uint8_t class = text_character(code_point).class;
        uint32_t before = walk->last_ideograph;
        const char *before_start = walk->last_start;
        walk->last_ideograph = class == CHARACTER_IDEOGRAPH ? code_point : 0;
        walk->last_start = start;
        if (class == CHARACTER_IDEOGRAPH && before) {
            *hash = mix(mix(2, before), code_point);
            *text = (struct span){before_start, (size_t)(walk->at - before_start)};
            return true;
        }
        if ((class == CHARACTER_LETTER || class == CHARACTER_DIGIT) &&
            next_word(walk, start, code_point, hash, text))
            return true;
    }
    return false;
}

/* Room for every key that phrases of so many bytes can have. Only that much is cleared: short lists
 * are many. */
static void clear(struct keys *keys, const struct phrases *phrases)
{
    size_t bytes = 0;
    for (size_t i = 0; i < phrases->count; i++)
        bytes += phrases->items[i].length;
    keys->size = 16;
    while (keys->size < KEYS_MAX && keys->size < bytes)
        keys->size *= 2;
    keys->used = 0;
    memset(keys->slots, 0, keys->size * sizeof *keys->slots);
}

/* How many phrases hold a key that `least` of them hold, or more, and no more than `limit`. */
static size_t count_sharing(const struct phrases *phrases, struct keys *keys, size_t least,
                            double limit)
{
    size_t sharing = 0;
    uint64_t hash;
    struct span text;
    for (size_t i = 0; i < phrases->count; i++) {
        struct span phrase = phrases->items[i];
        struct walk walk = {phrase.data, phrase.data + phrase.length, 0, NULL};
        bool shares = false;
        while (!shares && next_key(&walk, &hash, &text)) {
            uint32_t held_by = find(keys, hash)->phrases;
            shares = held_by >= least && held_by <= limit;
        }
        sharing += shares;
    }
    return sharing;
}

struct phrase_overlap phrases_overlap(const struct phrases *phrases, size_t least, double frame)
{
    struct keys keys;
    clear(&keys, phrases);
    struct phrase_overlap overlap = {0, 0, {NULL, 0}};
    uint64_t hash;
    struct span text;
    for (size_t i = 0; i < phrases->count; i++) {
        struct span phrase = phrases->items[i];
        struct walk walk = {phrase.data, phrase.data + phrase.length, 0, NULL};
        while (next_key(&walk, &hash, &text))
            count_key(&keys, hash, (uint32_t)i + 1, text);
    }
    double limit = frame * (double)phrases->count;
    for (size_t i = 0; i < keys.used; i++) {
        const struct key *key = &keys.slots[keys.order[i]];
        if (key->phrases > overlap.most && key->phrases <= limit) {
            overlap.most = key->phrases;
            overlap.common = key->text;
        }
    }
    if (overlap.most >= least)
        overlap.sharing = count_sharing(phrases, &keys, least, limit);
    return overlap;
}

/* Notes, as phrase `mark`, that the keys of `text` were met, of those that are there. */
static void meet_keys(struct keys *keys, struct span text, uint32_t mark)
{
    struct walk walk = {text.data, text.data + text.length, 0, NULL};
    uint64_t hash;
    struct span key_text;
    while (next_key(&walk, &hash, &key_text)) {
        struct key *key = find(keys, hash);
        if (key->phrases)
            key->last_phrase = mark;
    }
}

size_t phrases_known(const struct phrases *phrases, const struct span *texts, size_t text_count)
{
    struct keys keys;
    clear(&keys, phrases);
    size_t known = 0;
    uint32_t met = (uint32_t)phrases->count + 1;
    uint64_t hash;
    struct span text;
    for (uint32_t i = 0; i < phrases->count; i++) {
        struct walk walk = {phrases->items[i].data,
                            phrases->items[i].data + phrases->items[i].length, 0, NULL};
        while (next_key(&walk, &hash, &text))
            count_key(&keys, hash, i + 1, text);
    }
    for (size_t i = 0; i < text_count; i++)
        meet_keys(&keys, texts[i], met);
    for (size_t i = 0; i < phrases->count; i++) {
        struct walk walk = {phrases->items[i].data,
                            phrases->items[i].data + phrases->items[i].length, 0, NULL};
        size_t all = 0, there = 0;
        while (next_key(&walk, &hash, &text)) {
            all++;
            there += find(&keys, hash)->last_phrase == met;
        }
        known += all && there * 2 >= all;
    }
    return known;
}

size_t phrase_width(struct span phrase)
{
    size_t width = 0;
    for (size_t i = 0; i < phrase.length; i++) {
        unsigned char byte = (unsigned char)phrase.data[i];
        width += (byte & 0xc0) != 0x80;
        width += byte >= 0xe0;
    }
    return width;
}

bool phrase_has_letters(struct span phrase)
{
    const char *at = phrase.data, *end = at + phrase.length;
    while (at < end) {
        uint8_t class = text_character(text_next(&at, end)).class;
        if (class == CHARACTER_LETTER || class == CHARACTER_IDEOGRAPH)
            return true;
    }
    return false;
}
