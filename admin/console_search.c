#include <string.h>
#include <time.h>

#include "admin/console_api.h"
#include "admin/held_filter.h"
#include "admin/identity_text.h"
#include "admin/reputation_story.h"

/* The text as an identity of each type that it can be. */
struct guesses {
    struct document *scratch[IDENTITY_TYPES];
    struct identity identities[IDENTITY_TYPES];
    struct reputation_counts counts[IDENTITY_TYPES];
    size_t count;
};

static void guess(const struct config *config, struct guesses *guesses, const char *text)
{
    for (int type = 0; type < IDENTITY_TYPES; type++) {
        struct error error = {0};
        guesses->scratch[type] = document_new(CHANNEL_MAIL);
        if (identity_text_read(config, IDENTITY_KNOWN, identity_type_name((enum identity_type)type),
                               text, guesses->scratch[type], &guesses->identities[guesses->count],
                               &error))
            guesses->count++;
    }
}

static bool is_known(const struct reputation_counts *counts)
{
    return !reputation_counts_are_none(counts);
}

static void put_known(struct json_writer *json, const struct session *session,
                      const struct guesses *guesses)
{
    json_put_open(json, NULL, '{');
    json_put_open(json, "identities", '[');
    for (size_t i = 0; i < guesses->count; i++) {
        if (!is_known(&guesses->counts[i]))
            continue;
        json_put_open(json, NULL, '{');
        reputation_story_members(json, &session->config->reputations, &guesses->identities[i],
                                 &guesses->counts[i], time(NULL));
        json_put_close(json, '}');
    }
    json_put_close(json, ']');
    json_put_close(json, '}');
}

void console_search(struct session *session, const struct console_request *request,
                    const char *rest, struct console_answer *answer)
{
    struct error error = {0};
    struct guesses guesses = {0};
    const char *text = console_parameter(request, "q");
    if (*rest) {
        console_refuse(answer, MHD_HTTP_NOT_FOUND, "there is no such call");
        return;
    }
    if (!text || !*text) {
        console_refuse(answer, MHD_HTTP_BAD_REQUEST, "which q?");
        return;
    }
    if (!held_text_check(text, &error)) {
        console_refuse_error(answer, &error);
        return;
    }
    guess(session->config, &guesses, text);
    if (!console_open_counts(session, &error) ||
        !counts_reputation_read(session->store, guesses.identities, guesses.count, guesses.counts,
                                &error))
        console_refuse_error(answer, &error);
    else
        put_known(&answer->json, session, &guesses);
    for (int type = 0; type < IDENTITY_TYPES; type++)
        document_free(guesses.scratch[type]);
}
