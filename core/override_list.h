/* override_list: what the admin says of reputations now (pinned, set), to be put into the evidence
 * of past verdicts: what was pinned since counts, what was taken back since does not. */
#ifndef WEIR_OVERRIDE_LIST_H
#define WEIR_OVERRIDE_LIST_H

#include "core/evidence_record.h"
#include "store/counts.h"

#include <stdbool.h>
#include <stddef.h>

struct override_item {
    enum identity_type type;
    uint32_t hash; /* identity_hash() */
    enum override_kind kind;
    int32_t centi; /* log-odds in hundredths */
    int64_t until_s;
};

/* An empty list is {0}. */
struct override_list {
    struct override_item *items; /* by type and hash */
    size_t count;
};

/* All that are in force at `now_s`. On failure the list is empty. */
bool override_list_read(struct override_list *list, struct counts_store *store, int64_t now_s,
                        struct error *error);
void override_list_clear(struct override_list *list);

/* Puts those of the list in the place of those that were in force when the record was made; what
 * had been learned stays as it was then. Returns whether any is another than it was. */
bool override_list_apply(const struct override_list *list, struct evidence_record *record);

#endif
