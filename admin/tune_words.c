#include "admin/tune_words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/identity_text.h"
#include "core/reputation.h"
#include "store/memory.h"

void tune_lay_change(const struct tune_change *change, struct tuning *tuning)
{
    for (size_t place = 0; place < TUNING_NUMBERS; place++) {
        if (change->back[place])
            tuning->numbers[place] = NAN;
        else if (!isnan(change->numbers.numbers[place]))
            tuning->numbers[place] = change->numbers.numbers[place];
    }
}

/* Text that grows: "a, b". */
static void add_words(char **text, const char *words)
{
    size_t length = strlen(*text), more = strlen(words);
    *text = memory_resize(*text, length + more + 3);
    if (length) {
        memcpy(*text + length, ", ", 2);
        length += 2;
    }
    memcpy(*text + length, words, more + 1);
}

/* What differs: "mail.hold 0.95 -> 0.9, LINK_FARM 2 -> off". */
static char *differences(const struct session *session, const struct tuning *before,
                         const struct tuning *after)
{
    struct scoring old, new;
    char *text = memory_text("");
    scoring_make(&old, session->config, before);
    scoring_make(&new, session->config, after);
    for (size_t place = 0; place < TUNING_NUMBERS; place++) {
        char name[TUNING_NAME_SIZE], from[TUNE_TEXT_SIZE], to[TUNE_TEXT_SIZE];
        char words[TUNING_NAME_SIZE + 2 * TUNE_TEXT_SIZE + 64];
        double a = before->numbers[place], b = after->numbers[place];
        if (a == b || (isnan(a) && isnan(b)) || !tuning_name(place, name))
            continue;
        snprintf(words, sizeof words, "%s %s -> %s%s", name,
                 tune_number_text(place, scoring_number(&old, place), from),
                 tune_number_text(place, scoring_number(&new, place), to),
                 isnan(b) ? " (as configured)" : "");
        add_words(&text, words);
    }
    return text;
}

static const char *override_text(const struct reputation_counts *counts, char text[32])
{
    if (!reputation_override_in_force(counts, time(NULL)))
        snprintf(text, 32, "learned");
    else
        snprintf(text, 32, "%s at %+.2f", counts->override == OVERRIDE_PIN ? "pinned" : "set",
                 counts->override_centi / 100.0);
    return text;
}

static void add_pin_words(char **text, const struct identity *identity, int32_t centi,
                          const struct reputation_counts *before)
{
    char words[IDENTITY_VALUE_MAX + 128], was[32];
    snprintf(words, sizeof words, "%s %.*s %s -> pinned at %+.2f",
             identity_type_name(identity->type), SPAN_ARGS(identity->value),
             override_text(before, was), centi / 100.0);
    add_words(text, words);
}

char *tune_words_of_change(struct session *session, const struct tune_state *state,
                           const struct tune_change *change,
                           struct reputation_counts before[TUNE_PINS_MAX], struct tuning *after,
                           struct error *error)
{
    struct identity identities[TUNE_PINS_MAX];
    *after = state->tuning;
    tune_lay_change(change, after);
    for (size_t i = 0; i < change->pin_count; i++)
        identities[i] = change->pins[i].identity;
    if (change->pin_count &&
        !counts_reputation_read(session->store, identities, change->pin_count, before, error))
        return NULL;
    char *text = differences(session, &state->tuning, after);
    for (size_t i = 0; i < change->pin_count; i++)
        add_pin_words(&text, &change->pins[i].identity, change->pins[i].centi, &before[i]);
    return text;
}

/* " (changed since, and stays: link-domain example.org)" of those that have this fate. */
static char *fate_words(const struct tune_undone_pin *pins, size_t count, enum tune_pin_fate fate,
                        const char *said)
{
    char *names = memory_text("");
    for (size_t i = 0; i < count; i++) {
        char name[IDENTITY_SUBJECT_SIZE];
        if (pins[i].fate != fate)
            continue;
        identity_text_subject(&pins[i].identity, name);
        add_words(&names, name);
    }
    size_t size = strlen(names) + strlen(said) + 8;
    char *text = memory_new(size);
    if (*names)
        snprintf(text, size, " (%s: %s)", said, names);
    free(names);
    return text;
}

char *tune_words_of_undo(const struct session *session, const struct tuning *before,
                         const struct tuning *after, const struct tune_undone_pin *pins,
                         size_t count)
{
    char *back = differences(session, before, after);
    for (size_t i = 0; i < count; i++)
        if (pins[i].fate == TUNE_PIN_BACK)
            add_pin_words(&back, &pins[i].identity, pins[i].centi, &pins[i].before);
    char *newer = fate_words(pins, count, TUNE_PIN_NEWER, "changed since, and stays");
    char *failed = fate_words(pins, count, TUNE_PIN_FAILED, "not taken back");
    size_t size = strlen(back) + strlen(newer) + strlen(failed) + sizeof "nothing";
    char *text = memory_new(size);
    snprintf(text, size, "%s%s%s", *back ? back : "nothing", newer, failed);
    free(back);
    free(newer);
    free(failed);
    return text;
}
