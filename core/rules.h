/* rules: what the admin wants for certain, whatever the score: a text of rules (weir.rules(5)), the
 * same for mail and feeds and for all gateways, compiled once and matched against documents. Each
 * rule has conditions that must all be met, and an action. Conditions look at what the document
 * knows; what is taken from a history entry knows little, and then some rules cannot be told.
 *
 * Of the rules that match, one decides: what is said for some feeds or recipients goes before what
 * is said for all; there keep goes before hold, and hold before tag; of equal ones the first in the
 * text. Rules of action weight add their log-odds to the score, and those on trial (dry) do
 * nothing. A rule decides keep, tag or hold, never reject.
 *
 * Bounded: a regular expression looks at the first 256 KiB of each text and ends when it takes too
 * much; then its rule "did not finish" and does not match. Words are looked for in the first 1 MiB
 * of each text, in one walk for all rules. */
#ifndef WEIR_RULES_H
#define WEIR_RULES_H

#include "core/document.h"
#include "store/error.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RULES_MAX 2000
#define RULES_TEXT_MAX ((size_t)256 * 1024)
#define RULES_VALUES_MAX 20000 /* of all conditions together */
#define RULES_REGEX_MAX 1000   /* values that are regular expressions */
#define RULE_NAME_MAX 64       /* bytes */

enum rule_action { RULE_KEEP, RULE_HOLD, RULE_TAG, RULE_WEIGHT, RULE_ACTIONS };
const char *rule_action_name(enum rule_action action); /* "keep", … */

/* What conditions look at. */
enum rule_field {
    RULE_TITLE,
    RULE_CONTENT,
    RULE_TEXT, /* title and content */
    RULE_SENDER,
    RULE_CATEGORY,
    RULE_LINK,
    RULE_ATTACHMENT,
    RULE_HEADER,
    RULE_LANGUAGE,
    RULE_SCRIPT,
    RULE_AGE,
    RULE_RECIPIENT, /* of a rule's scope, as is the feed, which is always known */
    RULE_FIELDS
};

struct rule {
    const char *name;
    enum rule_action action;
    double log_odds; /* of RULE_WEIGHT */
    bool dry;
    bool specific; /* for some feeds or recipients only */
    enum channel channels;
    /* Since these rules are in force in this process; rules of the same name go on counting. */
    _Atomic uint64_t matched, unfinished;
};

struct rules; /* immutable but for the counters; counted by references */

/* NULL with ERROR_INPUT: "NAME:12: rule "casino".title: …". An empty text has no rules. `name` is
 * where the text comes from, for complaints. Thread-safe. */
struct rules *rules_read(struct span text, const char *name, struct error *error);
struct rules *rules_retain(struct rules *rules);
void rules_release(struct rules *rules); /* NULL is fine */

size_t rules_count(const struct rules *rules); /* NULL: 0 */
struct rule *rules_at(const struct rules *rules, size_t i);

/* The feeds that rule is for, `*count` of them; lent. None: it is for all. */
const char *const *rules_feeds(const struct rules *rules, size_t i, size_t *count);

/* Tells one text from another. 0: no rules. */
uint64_t rules_version(const struct rules *rules);

/* Lets the counters of rules whose names `former` (NULL is fine) has go on. */
void rules_count_on(const struct rules *rules, const struct rules *former);

/* --- matching --- */

enum rule_answer {
    RULE_MATCHES,
    RULE_UNKNOWN,   /* the document does not know enough */
    RULE_UNFINISHED /* a regular expression took too long */
};

struct rule_match {
    struct rule *rule;
    enum rule_answer answer;
    struct span why; /* "title: casino; sender: example.org", of what matches; may be empty */
};

struct rules_said {
    const struct rule *decides; /* NULL: none */
    struct rule_match
        *matches; /* in the order of the text; rules that do not match are not there */
    size_t count;
};

/* What the rules say of a prepared document (features_extract() tells the script). `unknown` has
 * the bit (1u << field) of each field that the document does not know all of. All lies in the
 * document's arena, but for the rules. NULL rules say nothing. Thread-safe. */
void rules_match(const struct rules *rules, const struct document *document, unsigned unknown,
                 struct rules_said *said);

/* Finds anew which of the matches decides: for who changed an answer. */
void rules_decide(struct rules_said *said);

/* Counts what matched, and logs, once for each rule, what did not finish. */
void rules_count_matches(const struct rules_said *said, const struct document *document);

/* The same number for what comes to the same: the rules that match, but those on trial, with their
 * actions. 0: none. */
uint64_t rules_said_hash(const struct rules_said *said);

#endif
