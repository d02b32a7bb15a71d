/* memory: malloc that aborts when memory runs out, as all of weir does. Freed with free(). */
#ifndef WEIR_MEMORY_H
#define WEIR_MEMORY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void *memory_checked(void *memory)
{
    if (!memory) {
        fputs("weir: out of memory\n", stderr);
        abort();
    }
    return memory;
}

/* Zeroed. */
static inline void *memory_new(size_t size)
{
    return memory_checked(calloc(1, size ? size : 1));
}

static inline void *memory_resize(void *memory, size_t size)
{
    return memory_checked(realloc(memory, size ? size : 1));
}

/* A copy with a NUL behind it. */
static inline char *memory_copy(const void *data, size_t length)
{
    char *copy = memory_checked(malloc(length + 1));
    if (length)
        memcpy(copy, data, length);
    copy[length] = '\0';
    return copy;
}

/* A copy of a C string; NULL of NULL. */
static inline char *memory_text(const char *text)
{
    return text ? memory_copy(text, strlen(text)) : NULL;
}

#endif
