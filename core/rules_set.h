/* rules_set: what a set of rules is made of. For core/rules*.c and core/rule_*.c only. */
#ifndef WEIR_RULES_SET_H
#define WEIR_RULES_SET_H

#include "core/rule_pattern.h"
#include "core/rules.h"

/* Values of which one must match; with `negated`, none may. */
struct rule_condition {
    enum rule_field field;
    bool negated;
    bool has_regex;
    const char *word;         /* as the admin wrote it: "subject" */
    size_t first, count;      /* of the set's patterns */
    int64_t older_s, newer_s; /* RULE_AGE: 0 where it says nothing of it */
};

struct rule_whole {
    struct rule rule;
    struct rule_condition *conditions;
    size_t condition_count;
    char **feeds; /* 0: all */
    size_t feed_count;
    uint64_t *recipients; /* rule_key() of addresses and domains; 0: all */
    size_t recipient_count;
};

/* A word, or a whole value, that patterns begin with. */
struct rule_entry {
    uint64_t key; /* 0: none here */
    uint32_t pattern;
};

struct rules {
    _Atomic unsigned references;
    uint64_t version;
    struct arena *arena;
    struct rule_whole *list;
    size_t count;
    struct rule_pattern *patterns;
    size_t pattern_count;
    /* All first keys, open addressing; `mask` + 1 places. */
    struct rule_entry *index;
    size_t mask;
    unsigned fields;        /* bits: those that any pattern of words or whole values looks at */
    uint64_t *header_names; /* rule_key() of those that header conditions name, sorted */
    size_t header_name_count;
};

#endif
