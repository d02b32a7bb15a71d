#include "milter/conclude.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/explain.h"
#include "core/log.h"
#include "core/mail.h"
#include "core/metrics.h"
#include "core/recipient.h"
#include "core/verdict_log.h"
#include "milter/answer.h"
#include "store/monotonic.h"
#include "store/records_people.h"

#define TOKENS_NAMED 8
#define TERMS_LOGGED 6

/* One message at its end. */
struct conclusion {
    struct gateway *gateway;
    SMFICTX *ctx;
    const struct settings *settings;
    struct message *message;
    struct document *document;
    struct verdict verdict; /* its action as the envelope allows it */
    struct answer answer;
    const char *queue_id, *sender, *recipients, *subject; /* with a NUL */
};

struct asking {
    struct records *records;
    const struct envelope *envelope;
    const char *sender; /* as recipient_sender_normal() has it */
    enum recipients_say say;
};

/* Of several recipients the strictest decides: all of them have to allow, one can deny. */
static bool ask_all(void *context, struct error *error)
{
    struct asking *asking = context;
    const struct envelope *envelope = asking->envelope;
    size_t allow = 0;
    bool any;
    if (!records_list_any(asking->records, &any, error))
        return false;
    for (size_t i = 0; any && i < envelope->recipient_count; i++) {
        struct span recipient = envelope->recipients[i];
        char normal[RECIPIENT_MAX + 1];
        enum list_answer answer = LIST_SAYS_NOTHING;
        if (recipient_normal(recipient.data, recipient.length, normal) &&
            !records_list_ask(asking->records, normal, asking->sender, &answer, error))
            return false;
        if (answer == LIST_DENIES) {
            asking->say = RECIPIENTS_DENY;
            return true;
        }
        allow += answer == LIST_ALLOWS;
    }
    if (allow && allow == envelope->recipient_count)
        asking->say = RECIPIENTS_ALLOW;
    return true;
}

/* What the lists of the recipients say of the sender. Each message asks, so that it must not wait
 * for what others write. */
static enum recipients_say ask_lists(const struct conclusion *c)
{
    const struct envelope *envelope = &c->message->envelope;
    char sender[RECIPIENT_MAX + 1];
    struct error error = {0};
    struct asking asking = {c->gateway->reading, envelope, sender, RECIPIENTS_SAY_NOTHING};
    if (recipient_sender_normal(envelope->sender.data, envelope->sender.length, sender) &&
        !records_reading(asking.records, ask_all, &asking, &error))
        log_event(LOG_LEVEL_WARNING, "lists-not-read", "reason", error.message, NULL);
    return asking.say;
}

static void judge(struct conclusion *c)
{
    const struct config *config = c->settings->config;
    struct message *message = c->message;
    c->document = mail_read((struct span){message->bytes, message->length}, false);
    c->document->envelope = message->envelope;
    c->document->envelope.recipients_say = ask_lists(c);
    c->document->truncated |= message->truncated;
    judge_prepare(c->document, config);
    judge_documents(&c->gateway->stores.judge, config, &c->document, 1, &c->verdict);
    evidence_record_limit(&c->verdict, answer_action(ACTION_REJECT, &message->envelope));
    /* Which words spoke is worth a second walk over the text only where somebody will ask. */
    if (c->verdict.action != ACTION_ACCEPT)
        judge_name_tokens(&c->gateway->stores.judge, c->document, &c->verdict, TOKENS_NAMED);
    c->sender = arena_copy(message->arena, message->envelope.sender).data;
    c->recipients = message_recipients(message);
    c->subject = arena_copy(message->arena, c->document->subject).data;
    char macro[] = "i";
    const char *queue_id = smfi_getsymval(c->ctx, macro);
    c->queue_id = queue_id ? queue_id : "";
}

/* Writes the held record, before the MTA is told to hold: a message in hold without a record would
 * be seen by nobody. */
static bool record_held(struct conclusion *c, struct error *error)
{
    if (!*c->queue_id)
        return error_set(error, ERROR_INPUT, "the mail server did not tell the queue id");
    struct lesson lesson = {0};
    size_t lesson_length;
    int64_t id;
    judge_lesson(&c->gateway->stores.judge, c->document, &lesson);
    lesson.source = SPAN("");
    lesson.time_s = time(NULL);
    unsigned char *encoded = lesson_encode(&lesson, &lesson_length);
    struct held held = {
        .state = HELD_PENDING,
        .time_s = lesson.time_s,
        .channel = channel_name(CHANNEL_MAIL),
        .sender = c->sender,
        .recipients = c->recipients,
        .subject = c->subject,
        .reference = c->queue_id,
        .requeued_as = "",
        .log_odds = c->verdict.log_odds,
        .evidence = explain_verdict_json(c->document->arena, &c->verdict).data,
        .lesson = encoded,
        .lesson_length = lesson_length,
        .taught_from = judge_learned(&c->gateway->stores.judge, &lesson),
    };
    memcpy(held.document_id, c->document->id, sizeof held.document_id);
    bool added = records_held_add(c->gateway->records, &held, &id, error);
    free(encoded);
    return added;
}

static void make_answer(struct conclusion *c)
{
    const struct config *config = c->settings->config;
    struct arena *arena = c->document->arena;
    struct error error = {0};
    answer_make(&c->answer, arena, c->verdict.action, config->milter.mode, c->document, &c->verdict,
                &c->settings->keys);
    if (c->answer.action != ACTION_HOLD || record_held(c, &error))
        return;
    /* Held without a record it would be lost to its reader; tagged, nothing is. */
    metrics_add(METRIC_RECORDS_ERRORS, 0, 1);
    log_event(LOG_LEVEL_ERROR, "not-held", "queue_id", c->queue_id, "instead", "tag", "reason",
              error.message, NULL);
    c->verdict.action = ACTION_TAG;
    answer_make(&c->answer, arena, ACTION_TAG, config->milter.mode, c->document, &c->verdict,
                &c->settings->keys);
}

static void note(struct conclusion *c, double took_ms)
{
    struct arena *arena = c->document->arena;
    bool enforce = c->settings->config->milter.mode == MODE_ENFORCE;
    struct verdict_about about = {c->sender, c->recipients, c->subject, c->queue_id};
    verdict_log_history(c->gateway->records, c->document, &c->verdict,
                        c->settings->config->milter.mode, &about);
    struct error error = {0};
    if (records_take_error(c->gateway->records, &error)) {
        metrics_add(METRIC_RECORDS_ERRORS, 0, 1);
        log_event(LOG_LEVEL_ERROR, "history-lost", "reason", error.message, NULL);
    }

    char id[DOCUMENT_ID_HEX];
    document_id_hex(c->document->id, id);
    log_event(LOG_LEVEL_INFO, "verdict", "queue_id", c->queue_id, "id", id, "action",
              action_name(c->verdict.action), "mode", enforce ? "enforce" : "observe", "p",
              arena_printf(arena, "%.3f", c->verdict.probability).data, "log_odds",
              arena_printf(arena, "%.1f", c->verdict.log_odds).data, "client",
              arena_copy(arena, c->message->envelope.client_address).data, "from", c->sender, "to",
              c->recipients, "bytes", arena_printf(arena, "%zu", c->message->length).data, "ms",
              arena_printf(arena, "%.1f", took_ms).data, "rule", verdict_rule(&c->verdict), "terms",
              explain_short(arena, &c->verdict, TERMS_LOGGED).data, NULL);
}

/* libmilter takes no const strings, and changes none of these. */
static char *lend(const char *text)
{
    return (char *)(uintptr_t)text;
}

static bool change_headers(struct conclusion *c)
{
    bool good = true;
    for (size_t i = 0; i < c->message->forged_count; i++) {
        struct forged_header *forged = &c->message->forged[i];
        /* From the last copy to the first: a removal renumbers those behind it. */
        for (size_t copy = forged->count; copy > 0 && good; copy--)
            good = smfi_chgheader(c->ctx, lend(forged->name), (int)copy, NULL) == MI_SUCCESS;
    }
    for (size_t i = c->message->forged_result_count; i > 0 && good; i--)
        good = smfi_chgheader(c->ctx, lend(AUTHENTICATION_HEADER),
                              (int)c->message->forged_results[i - 1], NULL) == MI_SUCCESS;
    for (size_t i = c->answer.header_count; i > 0 && good; i--) {
        struct answer_header *header = &c->answer.headers[i - 1];
        good = smfi_insheader(c->ctx, 0, lend(header->name), lend(header->value)) == MI_SUCCESS;
    }
    return good;
}

static sfsistat act(struct conclusion *c)
{
    char code[] = "550", extended[] = "5.7.1", reason[] = "held by weir";
    if (c->answer.action == ACTION_REJECT) {
        if (smfi_setreply(c->ctx, code, extended, lend(c->answer.refusal)) != MI_SUCCESS)
            log_event(LOG_LEVEL_WARNING, "reply-not-set", "queue_id", c->queue_id, NULL);
        return SMFIS_REJECT;
    }
    bool good = change_headers(c);
    if (good && c->answer.action == ACTION_HOLD)
        good = smfi_quarantine(c->ctx, reason) == MI_SUCCESS;
    if (!good)
        log_event(LOG_LEVEL_WARNING, "answer-not-sent", "queue_id", c->queue_id, "reason",
                  "the mail server has closed the connection", NULL);
    return SMFIS_CONTINUE;
}

static void learn(struct conclusion *c)
{
    struct scoring scoring;
    judge_scoring(&c->gateway->stores.judge, c->settings->config, &scoring);
    automatic_learn(c->gateway->automatic, c->settings->config, c->document, &c->verdict,
                    scoring.mail.hold);
}

sfsistat conclude(struct gateway *gateway, SMFICTX *ctx, const struct settings *settings,
                  struct message *message)
{
    struct conclusion c = {
        .gateway = gateway, .ctx = ctx, .settings = settings, .message = message};
    double start_s = monotonic_s();
    sfsistat result = SMFIS_ACCEPT;
    atomic_fetch_add(&gateway->judging, 1);
    if (!atomic_load(&gateway->closed)) {
        judge(&c);
        make_answer(&c);
        note(&c, (monotonic_s() - start_s) * 1e3);
        learn(&c);
        result = act(&c);
        document_free(c.document);
    }
    atomic_fetch_sub(&gateway->judging, 1);
    return result;
}
