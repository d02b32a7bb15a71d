#include "core/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK_BYTES (64u * 1024)
#define ALIGNMENT 16u

struct block {
    struct block *next;
    size_t used, size;
    _Alignas(ALIGNMENT) char data[];
};

struct arena {
    struct block *current; /* the newest; the first one is at the end of the chain */
};

static struct block *block_new(size_t size, struct block *next)
{
    struct block *block = malloc(sizeof *block + size);
    if (!block) {
        fprintf(stderr, "weir: out of memory (%zu bytes)\n", size);
        abort();
    }
    block->next = next;
    block->used = 0;
    block->size = size;
    return block;
}

struct arena *arena_new(void)
{
    struct block *first = block_new(BLOCK_BYTES, NULL);
    struct arena *arena = (struct arena *)first->data;
    first->used = ALIGNMENT;
    arena->current = first;
    return arena;
}

void arena_reset(struct arena *arena)
{
    while (arena->current->next) {
        struct block *next = arena->current->next;
        free(arena->current);
        arena->current = next;
    }
    arena->current->used = ALIGNMENT;
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    arena_reset(arena);
    free(arena->current);
}

static char *take(struct arena *arena, size_t size, size_t alignment)
{
    struct block *block = arena->current;
    size_t start = (block->used + alignment - 1) & ~(alignment - 1);
    if (start > block->size || size > block->size - start) {
        size_t doubled = block->size < 8 * BLOCK_BYTES ? block->size * 2 : block->size;
        block = block_new(size > doubled ? size : doubled, block);
        arena->current = block;
        start = 0;
    }
    block->used = start + size;
    return block->data + start;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    char *memory = take(arena, size, ALIGNMENT);
    memset(memory, 0, size);
    return memory;
}

void *arena_room(struct arena *arena, size_t size)
{
    return take(arena, size, ALIGNMENT);
}

char *arena_text(struct arena *arena, size_t length)
{
    return take(arena, length, 1);
}

struct span arena_copy(struct arena *arena, struct span span)
{
    char *copy = arena_text(arena, span.length + 1);
    if (span.length)
        memcpy(copy, span.data, span.length);
    copy[span.length] = '\0';
    return (struct span){copy, span.length};
}

struct span arena_printf(struct arena *arena, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    /* Into what the block has left, where it mostly fits, so that it is formatted only once. */
    struct block *block = arena->current;
    char *left = block->data + block->used;
    size_t room = block->size - block->used;
    int printed = vsnprintf(left, room, format, arguments);
    va_end(arguments);
    size_t length = printed < 0 ? 0 : (size_t)printed;
    char *text = arena_text(arena, length + 1);
    if (text != left)
        vsnprintf(text, length + 1, format, again);
    va_end(again);
    return (struct span){text, length};
}

void *arena_grow(struct arena *arena, void *items, size_t count, size_t item_size)
{
    if (count >= 8 && (count & (count - 1)))
        return items;
    if (count > 0 && count < 8)
        return items;
    size_t room = count < 8 ? 8 : count * 2;
    char *grown = take(arena, room * item_size, ALIGNMENT);
    if (count)
        memcpy(grown, items, count * item_size);
    memset(grown + count * item_size, 0, (room - count) * item_size);
    return grown;
}
