#include "admin/console_api.h"

#include <string.h>

#include "core/learn.h"
#include "core/mail.h"

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
    const char *source = console_parameter(request, "source");
    bool spam = strcmp(rest, "spam") == 0;
    struct learn_sums sums = {0};
    struct error error = {0};
    if (!spam && strcmp(rest, "ham") != 0) {
        console_refuse(answer, MHD_HTTP_NOT_FOUND, "learn/ham or learn/spam?");
        return;
    }
    if (!source)
        source = request->caller->name;
    if (!*source || strlen(source) > LESSON_SOURCE_MAX) {
        console_refuse(answer, MHD_HTTP_BAD_REQUEST, "a source has 1 to %d characters",
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
    if (teach(session, document, spam ? LABEL_SPAM : LABEL_HAM, source, &sums, &error))
        put_sums(&answer->json, &sums);
    else
        console_refuse(answer, MHD_HTTP_SERVICE_UNAVAILABLE, "%s", error.message);
    document_free(document);
}
