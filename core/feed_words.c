#include "core/feed_words.h"

#include "core/text.h"

#include <string.h>

#define TEXT_BYTES_MAX ((size_t)16 * 1024)
#define HASH_FACTOR 0x9e3779b97f4a7c15u

uint32_t feed_words_hash(uint64_t value)
{
    value ^= value >> 32;
    value *= HASH_FACTOR;
    uint32_t hash = (uint32_t)(value >> 32);
    return hash ? hash : 1;
}

void feed_words_clear(struct feed_words *set)
{
    set->count = 0;
    memset(set->table, 0, sizeof set->table);
}

void feed_words_add_hash(struct feed_words *set, uint32_t hash)
{
    uint32_t at = hash % FEED_WORDS_TABLE;
    while (set->table[at] && set->table[at] != hash)
        at = (at + 1) % FEED_WORDS_TABLE;
    if (set->table[at] || set->count == FEED_WORDS_MAX)
        return;
    set->table[at] = hash;
    set->items[set->count++] = hash;
}

void feed_words_add(struct feed_words *set, uint64_t value)
{
    feed_words_add_hash(set, feed_words_hash(value));
}

bool feed_words_has(const struct feed_words *set, uint32_t hash)
{
    uint32_t at = hash % FEED_WORDS_TABLE;
    while (set->table[at] && set->table[at] != hash)
        at = (at + 1) % FEED_WORDS_TABLE;
    return set->table[at] == hash;
}

void feed_words_add_text(struct feed_words *set, struct span text)
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
            feed_words_add(set, word);
        word = letters = 0;
        if (class == CHARACTER_IDEOGRAPH && before)
            feed_words_add(set, before * HASH_FACTOR + code_point);
        before = class == CHARACTER_IDEOGRAPH ? code_point : 0;
    }
    if (letters >= 2)
        feed_words_add(set, word);
}

void feed_words_of(struct feed_words *set, const struct document *document)
{
    size_t budget = TEXT_BYTES_MAX;
    feed_words_clear(set);
    for (size_t i = 0; i < document->text_count && budget; i++) {
        struct span text = span_take(document->texts[i].content, &budget);
        feed_words_add_text(set, text);
    }
}

static uint64_t mix(uint64_t hash, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * HASH_FACTOR;
    return hash ^ (hash >> 29);
}

void feed_words_domains_of(struct feed_words *set, const struct document *document)
{
    feed_words_clear(set);
    for (size_t i = 0; i < document->link_count; i++) {
        const struct link *link = &document->links[i];
        if (link->domain.length && !span_equal(link->domain, document->site))
            feed_words_add(set, mix(7, link->domain.data, link->domain.length));
    }
}

static unsigned log2_of(size_t value)
{
    unsigned log = 0;
    for (; value; value >>= 1)
        log++;
    return log;
}

uint32_t feed_words_shape_of(const struct document *document)
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
    return feed_words_hash(tags * HASH_FACTOR + sizes);
}
