/* rule_pattern: one value of a rule's condition: words, a whole value, or a regular expression; and
 * what texts become to be compared with them. Used by core/rules.h.
 *
 * Words: NFKC, case folded, invisible characters left out. A word is a run of letters and digits;
 * ideographs, kana, hangul and emoji are a word each, since no blanks stand between words there.
 * All else only parts words, so "free money" is found in "Free-Money!". A text is then a row of
 * 64-bit keys, one a word, and so is a pattern. */
#ifndef WEIR_RULE_PATTERN_H
#define WEIR_RULE_PATTERN_H

#define PCRE2_CODE_UNIT_WIDTH 8

#include "core/arena.h"
#include "core/rules.h"
#include "store/error.h"

#include <pcre2.h>
#include <stdbool.h>
#include <stdint.h>

struct rule_pattern {
    enum rule_field field;
    const char *source; /* as it was written */
    uint64_t *keys;     /* words in their order, or one whole value; NULL: a regular expression */
    size_t key_count;
    bool header_only; /* a header's name alone: it is there */
    uint64_t header;  /* rule_key() of the header's name */
    pcre2_code *regex;
};

/* The key of a whole value; ASCII letters without case. `kind` tells values of one kind from those
 * of another. Never 0. */
uint64_t rule_key(char kind, struct span value);

#define RULE_KEY_ADDRESS 'a'
#define RULE_KEY_DOMAIN 'd' /* that, and all below it */
#define RULE_KEY_TYPE 't'   /* of an attachment: "application/zip", "image" */
#define RULE_KEY_ENDING 'e' /* of its name: ".exe" */
#define RULE_KEY_NAME 'n'   /* of a language, a script, a header */

/* The words of `text`, in `arena`; how many. */
size_t rule_words(struct arena *arena, struct span text, uint64_t **keys);

/* A key as it stands in the index of a set: patterns of one field are not found in another. */
uint64_t rule_index_key(uint64_t key, enum rule_field field, uint64_t header);

/* "latin" */
const char *rule_script_name(uint8_t script);

/* Compiles what an admin wrote; `pattern->field` is set. Keys lie in `arena`, the expression is
 * pcre2_code_free()'s. false: ERROR_INPUT, and what is wrong. */
bool rule_pattern_read(struct rule_pattern *pattern, const char *text, struct arena *arena,
                       struct error *error);

/* --- regular expressions --- */

enum regex_outcome { REGEX_NO, REGEX_YES, REGEX_UNFINISHED };

/* What the expressions of one document share: their limits, and how much they have taken. */
struct regex_run {
    pcre2_match_data *data;
    pcre2_match_context *context;
    int64_t left_ns; /* of processor time */
};

void regex_run_begin(struct regex_run *run);
void regex_run_end(struct regex_run *run);
enum regex_outcome regex_match(struct regex_run *run, const pcre2_code *regex, struct span text);

#endif
