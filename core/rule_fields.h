/* rule_fields: what of a document the conditions of rules look at, field by field; made when first
 * asked for. For core/rules.h. */
#ifndef WEIR_RULE_FIELDS_H
#define WEIR_RULE_FIELDS_H

#include "core/rules_set.h"

struct rule_text {
    struct span text;
    uint64_t header; /* rule_key() of the header whose value it is; else 0 */
    uint64_t *words;
    size_t word_count;
    bool counted; /* words are there */
};

struct rule_values {
    struct rule_text *texts; /* for words and expressions */
    size_t text_count;
    uint64_t *keys; /* whole values */
    size_t key_count;
    bool made;
};

struct rule_fields {
    const struct rules *rules;
    const struct document *document;
    struct rule_values values[RULE_FIELDS];
};

/* Lies in the document's arena. */
const struct rule_values *rule_fields_get(struct rule_fields *fields, enum rule_field field);

/* The words of one of its texts. */
const uint64_t *rule_fields_words(const struct rule_fields *fields, const struct rule_text *text,
                                  size_t *count);

/* When the document was written, in seconds; false: it does not say. */
bool rule_fields_time(const struct document *document, int64_t *time_s);

/* The keys of a recipient: its address, its domain and those above it; at most `most`. */
size_t rule_address_keys(struct span address, uint64_t *keys, size_t most);

#endif
