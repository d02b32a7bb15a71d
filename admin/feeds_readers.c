#include "admin/feeds_change.h"

#include <stdio.h>

struct changing {
    struct records *records;
    const char *name, *who;
    unsigned char hash[RECORDS_TOKEN_HASH_BYTES];
};

static bool audit(const struct changing *changing, const char *what, struct error *error)
{
    char subject[SUBSCRIPTION_NAME_MAX + 16];
    snprintf(subject, sizeof subject, "reader %s", changing->name);
    return records_audit(changing->records, changing->who, what, subject, error);
}

static bool add(void *context, struct error *error)
{
    const struct changing *changing = context;
    return records_reader_add(changing->records, changing->name, changing->hash, error) &&
           audit(changing, "add", error);
}

bool feeds_reader_add(struct session *session, const char *name, const char *who,
                      char token[READER_TOKEN_SIZE], struct error *error)
{
    struct changing changing = {session->records[FRONT_FEED], name, who, {0}};
    if (!subscription_is_name(name))
        return error_set(error, ERROR_INPUT,
                         "\"%.80s\" is no name: 1 to %u letters, digits, '.', '_' or '-'", name,
                         SUBSCRIPTION_NAME_MAX);
    reader_token_make(token);
    reader_token_hash(token, changing.hash);
    return records_transaction(changing.records, add, &changing, error);
}

static bool remove_reader(void *context, struct error *error)
{
    const struct changing *changing = context;
    bool removed;
    if (!records_reader_remove(changing->records, changing->name, &removed, error))
        return false;
    return removed ? audit(changing, "remove", error)
                   : error_set(error, ERROR_INPUT, "there is no reader \"%.64s\"", changing->name);
}

bool feeds_reader_remove(struct session *session, const char *name, const char *who,
                         struct error *error)
{
    struct changing changing = {session->records[FRONT_FEED], name, who, {0}};
    return records_transaction(changing.records, remove_reader, &changing, error);
}
