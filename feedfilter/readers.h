/* readers: who has addresses of their own, and what each may read. Thread-safe. */
#ifndef WEIR_READERS_H
#define WEIR_READERS_H

#include "core/subscription_address.h"
#include "store/records.h"

#define READER_NAME_SIZE (SUBSCRIPTION_NAME_MAX + 1)

struct readers;

struct readers *readers_new(void);
void readers_free(struct readers *readers); /* NULL is fine */

/* Reads them anew from the records. After a failure they are as before. */
bool readers_read(struct readers *readers, struct records *records, struct error *error);

/* Whose `token` it is (READER_TOKEN_LENGTH characters). Takes as long whoever's it is, if
 * anybody's, and however much of it is right. */
bool readers_find(struct readers *readers, const char *token, char name[READER_NAME_SIZE]);

/* Whether `name` (empty: nobody in particular) is among `allowed`, "ann,bob"; NULL or empty:
 * everybody is. */
bool readers_allow(const char *allowed, const char *name);

#endif
