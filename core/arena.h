/* arena: memory that is freed all at once. A document and everything that hangs from it lives in
 * one; nothing in the scoring path calls malloc per token. Not thread-safe: one owner at a time. */
#ifndef WEIR_ARENA_H
#define WEIR_ARENA_H

#include "store/span.h"

#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *arena); /* NULL is fine */

/* Gives back all memory but the first block, for the next document. */
void arena_reset(struct arena *arena);

/* Zeroed, aligned for any type. Aborts when memory runs out. */
void *arena_alloc(struct arena *arena, size_t size);

/* The same, uninitialised. */
void *arena_room(struct arena *arena, size_t size);

/* Uninitialised, aligned to 1: for text. */
char *arena_text(struct arena *arena, size_t length);

/* A copy of `span`; with a NUL behind it that is not counted. */
struct span arena_copy(struct arena *arena, struct span span);

struct span arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Room for `count + 1` elements in the growing array `items` that has `count`: doubles the array
 * in the arena at powers of two. For arrays that are filled one by one:
 *   list = arena_grow(arena, list, count, sizeof *list); list[count++] = x; */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t item_size);

#endif
