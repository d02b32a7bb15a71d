#include "admin/console_api.h"

#include <stdio.h>
#include <string.h>

#include "core/learn.h"
#include "core/log.h"
#include "core/mail.h"
#include "store/records_evidence.h"

#define USER "user:"

/* Whoever comes this way is a user, and nobody else: not the operator, no trap, nor weir itself.
 * False when the name is empty or too long. */
static bool find_source(const struct console_request *request, char source[LESSON_SOURCE_MAX + 1])
{
    const char *given = console_parameter(request, "source");
    if (!given)
        given = request->caller->name;
    if (strncmp(given, USER, strlen(USER)) == 0)
        given += strlen(USER);
    int length = snprintf(source, LESSON_SOURCE_MAX + 1, USER "%s", given);
    return *given && length <= LESSON_SOURCE_MAX;
}

/* The log has each lesson; and where the records have the document, the user's word is kept with
 * it, as that of weirctl learn is. */
static void note(struct session *session, const struct document *document, enum label label,
                 const struct console_request *request, const char *source)
{
    struct error error = {0};
    char id[DOCUMENT_ID_HEX];
    document_id_hex(document->id, id);
    log_event(LOG_LEVEL_INFO, "taught", "caller", request->caller->name, "source", source, "label",
              label == LABEL_SPAM ? "spam" : "ham", "id", id, NULL);
    if (session_open_records(session, FRONT_MAIL) == EX_OK && session->records[FRONT_MAIL] &&
        !records_learned(session->records[FRONT_MAIL], document->id, label, source, source, "learn",
                         &error))
        log_event(LOG_LEVEL_ERROR, "correction-failed", "id", id, "reason", error.message, NULL);
}

/* Like weirctl learn, but a user's word. */
static bool teach(struct session *session, struct document *document, enum label label,
                  const char *source, struct learn_sums *sums, struct error *error)
{
    const struct judge judge = {.store = session->store, .replica = session->replica};
    struct lesson lesson = {0};
    judge_prepare(document, session->config);
    bool has_slots = judge_lesson(&judge, document, &lesson);
    struct learner *learner = learner_new(session->store, session->replica, source, TRUST_USER);
    learner_use_journal(learner, session->journal);
    bool taught = learner_add_features(learner, &lesson, document->features,
                                       has_slots ? 0 : document->feature_count, label, error) &&
                  learner_finish(learner, sums, error);
    learner_free(learner);
    return taught;
}

static void put_sums(struct json_writer *json, const struct learn_sums *sums)
{
    json_put_open(json, NULL, '{');
    json_put_integer(json, "taught", (int64_t)sums->taught);
    json_put_integer(json, "known", (int64_t)sums->repeated);
    json_put_integer(json, "corrected", (int64_t)sums->corrected);
    json_put_integer(json, "journalled", (int64_t)sums->journalled);
    json_put_close(json, '}');
}

void console_learn(struct session *session, const struct console_request *request, const char *rest,
                   struct console_answer *answer)
{
    char source[LESSON_SOURCE_MAX + 1];
    enum label label = strcmp(rest, "spam") == 0 ? LABEL_SPAM : LABEL_HAM;
    struct learn_sums sums = {0};
    struct error error = {0};
    if (label == LABEL_HAM && strcmp(rest, "ham") != 0) {
        console_refuse(answer, MHD_HTTP_NOT_FOUND, "learn/ham or learn/spam?");
        return;
    }
    if (!find_source(request, source)) {
        console_refuse(answer, MHD_HTTP_BAD_REQUEST,
                       "a source is \"" USER "\" and a name, %d characters at most",
                       LESSON_SOURCE_MAX);
        return;
    }
    if (!request->message.length) {
        console_refuse(answer, MHD_HTTP_BAD_REQUEST,
                       "there is no message: it is the body, of Content-Type message/rfc822");
        return;
    }
    session_teach_for(session, FRONT_MAIL);
    if (session_open_counts(session) != EX_OK) {
        console_refuse(answer, MHD_HTTP_SERVICE_UNAVAILABLE,
                       "the counts store cannot be opened; the log says why");
        return;
    }
    session_open_replica(session, &error); /* a store that is away is found out again */
    error = (struct error){0};
    struct document *document = mail_read(request->message, true);
    if (teach(session, document, label, source, &sums, &error)) {
        note(session, document, label, request, source);
        put_sums(&answer->json, &sums);
    } else {
        console_refuse(answer, MHD_HTTP_SERVICE_UNAVAILABLE, "%s", error.message);
    }
    document_free(document);
}
