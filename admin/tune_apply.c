#include "admin/tune.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/identity_text.h"
#include "admin/tune_words.h"
#include "core/reputation.h"
#include "store/memory.h"

#define CHANGES_KEPT 20 /* that can be taken back */

/* --- pins as JSON: what to go back to --- */

static json_t *pins_to_json(const struct tune_change *change,
                            const struct reputation_counts *before)
{
    json_t *list = json_array();
    for (size_t i = 0; i < change->pin_count; i++) {
        const struct identity *identity = &change->pins[i].identity;
        json_array_append_new(
            list,
            json_pack("{s:s, s:o, s:i, s:i, s:i, s:I}", "type", identity_type_name(identity->type),
                      "value", json_stringn_nocheck(identity->value.data, identity->value.length),
                      "pinned", (int)change->pins[i].centi, "override", (int)before[i].override,
                      "centi", (int)before[i].override_centi, "until_s",
                      (json_int_t)before[i].override_until_s));
    }
    return list;
}

/* Of a change, as many as there are; their values are the JSON's. */
static bool read_pins(const json_t *list, struct tune_undone_pin pins[TUNE_PINS_MAX], size_t *count,
                      struct error *error)
{
    for (*count = 0; *count < json_array_size(list); ++*count) {
        const json_t *pin = json_array_get(list, *count);
        const char *type_name = json_string_value(json_object_get(pin, "type"));
        const json_t *value = json_object_get(pin, "value");
        enum identity_type type;
        if (*count == TUNE_PINS_MAX || !type_name || !json_is_string(value) ||
            !identity_type_from_name(span_of(type_name), &type))
            return error_set(error, ERROR_BUG, "the settings are damaged: a pin of no identity");
        struct tune_undone_pin *read = &pins[*count];
        *read = (struct tune_undone_pin){.identity.type = type, .fate = TUNE_PIN_FAILED};
        read->identity.value = (struct span){json_string_value(value), json_string_length(value)};
        read->centi = (int32_t)json_integer_value(json_object_get(pin, "pinned"));
        read->before.override =
            (enum override_kind)json_integer_value(json_object_get(pin, "override"));
        read->before.override_centi = (int32_t)json_integer_value(json_object_get(pin, "centi"));
        read->before.override_until_s = json_integer_value(json_object_get(pin, "until_s"));
    }
    return true;
}

/* A pin that is no longer what stands is left as it is: somebody said something else since. */
static bool put_back_pin(struct session *session, struct tune_undone_pin *pin, struct error *error)
{
    struct reputation_counts now;
    if (!counts_reputation_read(session->store, &pin->identity, 1, &now, error))
        return false;
    if (now.override != OVERRIDE_PIN || now.override_centi != pin->centi) {
        pin->fate = TUNE_PIN_NEWER;
        return true;
    }
    const struct reputation_counts *before = &pin->before;
    bool any = reputation_override_in_force(before, time(NULL));
    if (!counts_reputation_override(
            session->store, &pin->identity, any ? before->override : OVERRIDE_NONE,
            any ? before->override_centi : 0, any ? before->override_until_s : 0, error))
        return false;
    pin->fate = TUNE_PIN_BACK;
    return true;
}

static bool put_back_pins(struct session *session, struct tune_undone_pin *pins, size_t count,
                          struct error *error)
{
    bool good = true;
    for (size_t i = count; i > 0 && good; i--)
        good = put_back_pin(session, &pins[i - 1], error);
    return good;
}

static bool set_pins(struct session *session, const struct tune_change *change, size_t *done,
                     struct error *error)
{
    for (*done = 0; *done < change->pin_count; ++*done) {
        const struct tune_pin *pin = &change->pins[*done];
        if (!counts_reputation_override(session->store, &pin->identity, OVERRIDE_PIN, pin->centi, 0,
                                        error))
            return false;
    }
    return true;
}

/* --- writing --- */

/* Of the numbers, or of the rules. */
static const json_t *last_change(const json_t *whole)
{
    const json_t *rules = json_object_get(whole, "rules");
    const json_t *tuned = json_array_get(json_object_get(whole, "changes"), 0);
    const json_t *ruled = json_array_get(json_object_get(rules, "changes"), 0);
    return json_integer_value(json_object_get(ruled, "time_s")) >
                   json_integer_value(json_object_get(tuned, "time_s"))
               ? ruled
               : tuned;
}

bool tune_is_seen(const struct tune_state *state, uint64_t seen, struct error *error)
{
    const json_t *last = last_change(state->whole);
    const char *who = json_string_value(json_object_get(last, "who"));
    const char *what = json_string_value(json_object_get(last, "what"));
    if (seen > state->version)
        return error_set(error, ERROR_INPUT,
                         "the settings are of version %" PRIu64 ", not %" PRIu64
                         ": look at the preview again",
                         state->version, seen);
    if (state->version == seen)
        return true;
    return who ? error_set(error, ERROR_INPUT,
                           "the settings were changed meanwhile, by %s (%.200s): look at the "
                           "preview again",
                           who, what ? what : "")
               : error_set(error, ERROR_INPUT,
                           "the last change of the settings was taken back meanwhile: look at the "
                           "preview again");
}

static void tell_stale(struct session *session, uint64_t read, struct error *error)
{
    struct tune_state now;
    if (!tune_load(session, &now, error))
        return;
    tune_is_seen(&now, read, error);
    tune_state_clear(&now);
}

bool tune_save(struct session *session, uint64_t read, json_t *whole, struct error *error)
{
    char *text = json_dumps(whole, JSON_COMPACT | JSON_REAL_PRECISION(15));
    bool saved = false;
    if (!text)
        return error_set(error, ERROR_BUG, "the settings cannot be written as JSON");
    bool good = counts_settings_save(session->store, read, span_of(text), &saved, error);
    free(text);
    if (good && !saved)
        tell_stale(session, read, error);
    return good && saved;
}

/* For the history of each identity that was pinned. */
static bool audit_pins(struct session *session, const char *who, const struct tune_change *change,
                       struct error *error)
{
    bool good = true;
    for (size_t i = 0; i < change->pin_count && good; i++) {
        char subject[IDENTITY_SUBJECT_SIZE], deed[40];
        identity_text_subject(&change->pins[i].identity, subject);
        snprintf(deed, sizeof deed, "pin %+.2f", change->pins[i].centi / 100.0);
        good = session_audit(session, who, deed, subject, error);
    }
    return good;
}

/* The same of those that are back. */
static bool audit_undone_pins(struct session *session, const char *who,
                              const struct tune_undone_pin *pins, size_t count, struct error *error)
{
    bool good = true;
    for (size_t i = 0; i < count && good; i++) {
        char subject[IDENTITY_SUBJECT_SIZE];
        identity_text_subject(&pins[i].identity, subject);
        good = pins[i].fate != TUNE_PIN_BACK ||
               session_audit(session, who, "pin taken back", subject, error);
    }
    return good;
}

/* --- apply --- */

static json_t *whole_after(const struct tune_state *state, const struct tuning *after,
                           const char *who, const char *what, json_t *pins)
{
    json_t *changes = json_copy(json_object_get(state->whole, "changes"));
    json_array_insert_new(changes, 0,
                          json_pack("{s:I, s:s, s:s, s:o, s:o}", "time_s", (json_int_t)time(NULL),
                                    "who", who, "what", what, "before",
                                    tuning_to_json(&state->tuning), "pins", pins));
    while (json_array_size(changes) > CHANGES_KEPT)
        json_array_remove(changes, CHANGES_KEPT);
    json_t *whole = json_copy(state->whole); /* the rules stay */
    json_object_set_new(whole, "tuning", tuning_to_json(after));
    json_object_set_new(whole, "changes", changes);
    return whole;
}

/* The settings first: of two admins the second one is found out there. */
static bool write_change(struct session *session, const struct tune_state *state, json_t *whole,
                         const struct tune_change *change, json_t *pins, struct error *error)
{
    size_t done, count;
    struct tune_undone_pin set[TUNE_PINS_MAX];
    if (!tune_save(session, state->version, whole, error))
        return false;
    if (set_pins(session, change, &done, error))
        return true;
    if (tune_save(session, state->version + 1, state->whole, NULL) &&
        read_pins(pins, set, &count, NULL) && put_back_pins(session, set, count, NULL))
        error_prefix(error, "nothing was changed");
    else
        error_prefix(error, "the pins are not all set; say weirctl tune --undo when the store is "
                            "back");
    return false;
}

bool tune_apply(struct session *session, const struct tune_state *state,
                const struct tune_change *change, const char *who, char **what,
                struct error *warning, struct error *error)
{
    struct reputation_counts before[TUNE_PINS_MAX];
    struct tuning after;
    *what = tune_words_of_change(session, state, change, before, &after, error);
    if (!*what)
        return false;
    bool good = **what || error_set(error, ERROR_INPUT, "nothing is changed by this");
    if (good) {
        json_t *pins = pins_to_json(change, before);
        json_t *whole = whole_after(state, &after, who, *what, json_incref(pins));
        good = write_change(session, state, whole, change, pins, error);
        if (good && !(session_audit(session, who, "tune", *what, warning) &&
                      audit_pins(session, who, change, warning)))
            error_prefix(warning, "changed, but not in the audit log");
        json_decref(whole);
        json_decref(pins);
    }
    if (!good) {
        free(*what);
        *what = NULL;
        return false;
    }
    return true;
}

/* --- undo --- */

bool tune_undo_unknown(struct error *error, const char *command)
{
    if (error->class == ERROR_NETWORK)
        error_prefix(error,
                     "it may be taken back all the same: look at %s before you try again, or the "
                     "change before it goes, too",
                     command);
    return false;
}

/* The pins of a change that is out of the settings already, and what was taken back of it. */
static char *take_back_pins(struct session *session, const char *who, const struct tuning *before,
                            const struct tuning *after, const json_t *list, struct error *warning)
{
    struct tune_undone_pin pins[TUNE_PINS_MAX];
    size_t count, newer = 0;
    bool good =
        read_pins(list, pins, &count, warning) && put_back_pins(session, pins, count, warning);
    for (size_t i = 0; i < count; i++)
        newer += pins[i].fate == TUNE_PIN_NEWER;
    if (!good)
        error_prefix(warning, "taken back, but not all of its pins");
    else if (newer)
        error_set(warning, ERROR_INPUT, "%zu of its pins were changed since, and stay", newer);
    char *what = tune_words_of_undo(session, before, after, pins, count);
    struct error unwritten = {0};
    if (!audit_undone_pins(session, who, pins, count, &unwritten) ||
        !session_audit(session, who, "tune-undo", what, &unwritten)) {
        *warning = unwritten;
        error_prefix(warning, "taken back, but not in the audit log");
    }
    return what;
}

bool tune_undo(struct session *session, const struct tune_state *state, const char *who,
               char **what, struct error *warning, struct error *error)
{
    json_t *changes = json_copy(json_object_get(state->whole, "changes"));
    json_t *last = json_incref(json_array_get(changes, 0));
    struct tuning before;
    *what = NULL;
    bool good = last || error_set(error, ERROR_INPUT, "no change is left to take back");
    good = good && tuning_from_json(json_object_get(last, "before"), &before, error);
    if (good) {
        json_array_remove(changes, 0);
        json_t *whole = json_copy(state->whole);
        json_object_set_new(whole, "tuning", tuning_to_json(&before));
        json_object_set(whole, "changes", changes);
        good = tune_save(session, state->version, whole, error) ||
               tune_undo_unknown(error, "weirctl tune show");
        json_decref(whole);
    }
    if (good)
        *what = take_back_pins(session, who, &before, &state->tuning, json_object_get(last, "pins"),
                               warning);
    json_decref(last);
    json_decref(changes);
    return good;
}
