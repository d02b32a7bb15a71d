#include "core/token_set.h"

#include <string.h>
/* Compiled in: prefixes are short, and a call takes as long as what it does. */
#define XXH_INLINE_ALL
#include <xxhash.h>

/* No document needs more; beyond it nothing is emitted. */
#define HASHES_MAX 60000u
#define NAME_BYTES_MAX 60u

struct place place_of(struct span name)
{
    return (struct place){.name = name, .seed = XXH3_64bits(name.data, name.length)};
}

/* The text is the name of those of the set's hashes that were asked for. */
static void keep_name(struct token_set *set, uint64_t hash, struct span prefix, struct span text)
{
    for (size_t i = 0; i < set->name_count; i++) {
        struct feature_name *name = &set->names[i];
        if (name->hash == hash && !name->text.length) {
            size_t length = span_cut(text, NAME_BYTES_MAX).length;
            name->place = arena_copy(set->arena, prefix);
            name->text = arena_printf(set->arena, "%.*s%s", (int)length, text.data,
                                      length < text.length ? "…" : "");
        }
    }
}

/* Makes room for more hashes; false: there are enough. */
static bool grow(struct token_set *set)
{
    if (set->room >= HASHES_MAX)
        return false;
    size_t room = set->room ? set->room * 2 : 2048;
    uint64_t *hashes = arena_room(set->arena, room * sizeof *hashes);
    if (set->count)
        memcpy(hashes, set->hashes, set->count * sizeof *hashes);
    set->hashes = hashes;
    set->room = room;
    return true;
}

void token_keep_more(struct token_set *set, uint64_t hash, struct span prefix, struct span text)
{
    if (set->names)
        keep_name(set, hash, prefix, text);
    else if (grow(set))
        set->hashes[set->count++] = hash;
}

void emit_literal(struct token_set *set, struct span prefix, struct span value)
{
    emit_literal_pair(set, prefix, value, (struct span){"", 0});
}

static uint64_t literal_hash(uint64_t hash, struct span value)
{
    for (size_t i = 0; i < value.length; i++) {
        uint32_t c = (unsigned char)value.data[i];
        hash = token_step(hash, c | (c - 'A' < 26u) << 5);
    }
    return hash;
}

void emit_literal_pair(struct token_set *set, struct span prefix, struct span first,
                       struct span second)
{
    if (!first.length && !second.length)
        return;
    uint64_t hash = literal_hash(WORD_START, first);
    if (second.length)
        hash = literal_hash(token_step(hash, '\n'), second);
    struct span shown = second.length ? second : first;
    if (set->names && first.length && second.length)
        shown = arena_printf(set->arena, "%.*s, %.*s", SPAN_ARGS(first), SPAN_ARGS(second));
    token_keep(set, token_spread(hash + XXH3_64bits(prefix.data, prefix.length)),
               FEATURE_GROUP_OTHER, prefix, shown.data, shown.data + shown.length);
}
