#include "feedfilter/readers.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/reader_token.h"
#include "store/memory.h"

struct reader {
    char name[READER_NAME_SIZE];
    unsigned char hash[RECORDS_TOKEN_HASH_BYTES];
};

struct list {
    struct reader *items;
    size_t count;
};

struct readers {
    pthread_rwlock_t lock;
    struct list list;
};

struct readers *readers_new(void)
{
    struct readers *readers = memory_new(sizeof *readers);
    pthread_rwlock_init(&readers->lock, NULL);
    return readers;
}

void readers_free(struct readers *readers)
{
    if (!readers)
        return;
    pthread_rwlock_destroy(&readers->lock);
    free(readers->list.items);
    free(readers);
}

static void add(void *context, const struct reader_record *record)
{
    struct list *list = context;
    list->items = memory_resize(list->items, (list->count + 1) * sizeof *list->items);
    struct reader *reader = &list->items[list->count++];
    snprintf(reader->name, sizeof reader->name, "%s", record->name);
    memcpy(reader->hash, record->token_hash, sizeof reader->hash);
}

bool readers_read(struct readers *readers, struct records *records, struct error *error)
{
    struct list list = {0};
    if (!records_readers_visit(records, add, &list, error)) {
        free(list.items);
        return false;
    }
    pthread_rwlock_wrlock(&readers->lock);
    free(readers->list.items);
    readers->list = list;
    pthread_rwlock_unlock(&readers->lock);
    return true;
}

bool readers_find(struct readers *readers, const char *token, char name[READER_NAME_SIZE])
{
    unsigned char hash[RECORDS_TOKEN_HASH_BYTES];
    const struct reader *found = NULL;
    reader_token_hash(token, hash);
    pthread_rwlock_rdlock(&readers->lock);
    for (size_t i = 0; i < readers->list.count; i++) /* to the end, whoever it is */
        if (sodium_memcmp(readers->list.items[i].hash, hash, sizeof hash) == 0)
            found = &readers->list.items[i];
    snprintf(name, READER_NAME_SIZE, "%s", found ? found->name : "");
    pthread_rwlock_unlock(&readers->lock);
    return *name != '\0';
}

bool readers_allow(const char *allowed, const char *name)
{
    size_t length = strlen(name);
    if (!allowed || !*allowed)
        return true;
    for (const char *at = allowed; length && *at; at += *at == ',') {
        size_t own = strcspn(at, ",");
        if (own == length && memcmp(at, name, length) == 0)
            return true;
        at += own;
    }
    return false;
}
