/* held_filter: which of the held entries somebody asks for, in the words that weirctl's options and
 * the parameters of the console's API share. */
#ifndef WEIR_HELD_FILTER_H
#define WEIR_HELD_FILTER_H

#include "admin/session.h"
#include "store/records_page.h"

struct held_words {      /* lent; NULL: any */
    const char *channel; /* "mail" or "feed" */
    const char *state;   /* "open" (so NULL), "all", or the name of one */
    const char *text;    /* anywhere in sender, recipients, subject or reference */
    const char *sender, *recipient, *feed, *symbol;
    const char *min_score, *max_score; /* log-odds */
    const char *since, *until;         /* held since or before then: as --since takes it */
};

/* The words by name: of the option ("min-score") and of the API's parameter ("min_score"). */
#define HELD_WORDS 11
struct held_word {
    const char *option, *parameter;
    size_t offset; /* in struct held_words */
};
extern const struct held_word held_word_names[HELD_WORDS];

/* The word in `words`. */
const char **held_word_of(struct held_words *words, const struct held_word *word);

struct held_wish {
    bool fronts[FRONTS];
    struct held_filter filter; /* its texts are those of the words */
};

/* False and ERROR_INPUT for a text to be looked for that is too long; NULL is fine. */
#define HELD_TEXT_MAX 256
bool held_text_check(const char *text, struct error *error);

/* False and ERROR_INPUT for a word that cannot be. */
bool held_wish_read(const struct held_words *words, int64_t now_s, struct held_wish *wish,
                    struct error *error);

#endif
