#include "admin/console_door.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "admin/console_audit.h"
#include "admin/person_words.h"
#include "admin/records_text.h"
#include "admin/review.h"
#include "core/log.h"
#include "core/recipient.h"
#include "core/signed_link.h"
#include "store/records_page.h"
#include "store/records_people.h"

#define REASONS 3
#define LISTED_MOST 200
#define OPEN (1u << HELD_PENDING | 1u << HELD_HELD)

const char console_door_style[] =
    "body{font:16px/1.5 sans-serif;max-width:40rem;margin:0 auto;padding:1rem;color:#222;"
    "background:#fff}h1{font-size:1.3rem}h2{font-size:1.1rem;margin-top:2rem}dt{color:#555;"
    "font-size:.9rem}dd{margin:0 0 .5rem;overflow-wrap:anywhere}button{font:inherit;padding:.4rem "
    ".9rem;margin:.2rem .4rem .2rem 0}form{display:inline}.said{border-left:4px solid "
    "#0b57a4;padding-left:.8rem}article{border-top:1px solid #ccc;padding:.8rem 0}input{font:"
    "inherit;padding:.3rem;max-width:100%}@media(prefers-color-scheme:dark){body{color:#ddd;"
    "background:#1b1b1b}dt{color:#aaa}}";

struct visit {
    struct session *session;
    struct records *records;
    const struct door_request *request;
    struct door_answer *answer;
    struct signed_link link;
    enum language language;
    struct arena *arena;
    char who[SIGNED_LINK_RECIPIENT_MAX + 16]; /* "recipient bob@box.test" */
    enum person_word said;                    /* of what was done; WORD_COUNT: nothing was */
    int64_t before_s;                         /* it was done then */
};

static struct span_buffer *out(const struct visit *visit)
{
    return &visit->answer->html;
}

static void put_word(const struct visit *visit, enum person_word word)
{
    span_buffer_text(out(visit), person_word(visit->language, word));
}

static void begin_page(const struct visit *visit)
{
    span_buffer_printf(out(visit),
                       "<!DOCTYPE html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\"><meta "
                       "name=\"viewport\" content=\"width=device-width\"><meta name=\"robots\" "
                       "content=\"noindex\"><title>%s</title><style>%s</style></head><body>\n"
                       "<h1>%s</h1>\n",
                       person_word(visit->language, WORD_LANGUAGE),
                       person_word(visit->language, WORD_TITLE), console_door_style,
                       person_word(visit->language, WORD_TITLE));
}

static void end_page(const struct visit *visit)
{
    span_buffer_text(out(visit), "</body></html>\n");
}

static void put_said(const struct visit *visit)
{
    char when[32];
    if (visit->said == WORD_COUNT)
        return;
    span_buffer_text(out(visit), "<p class=\"said\" role=\"status\">");
    if (visit->said == WORD_DONE_BEFORE) { /* "%s" stands in it once */
        const char *text = person_word(visit->language, WORD_DONE_BEFORE);
        size_t before = (size_t)(strstr(text, "%s") - text);
        span_buffer_add(out(visit), (struct span){text, before});
        span_buffer_text(out(visit), person_time(visit->before_s, when));
        span_buffer_text(out(visit), text + before + 2);
    } else {
        put_word(visit, visit->said);
    }
    span_buffer_text(out(visit), "</p>\n");
}

/* A page with one sentence. */
static void say_only(struct visit *visit, unsigned status, enum person_word word)
{
    visit->answer->status = status;
    visit->said = word;
    begin_page(visit);
    put_said(visit);
    end_page(visit);
}

static void fail(struct visit *visit, const struct error *error)
{
    log_event(LOG_LEVEL_ERROR, "door-failed", "reason", error->message, NULL);
    span_buffer_free(out(visit));
    say_only(visit, MHD_HTTP_SERVICE_UNAVAILABLE, WORD_FAILED);
}

/* --- what a mail looks like --- */

static void put_row(const struct visit *visit, enum person_word name, struct span value)
{
    span_buffer_text(out(visit), "<dt>");
    put_word(visit, name);
    span_buffer_text(out(visit), "</dt><dd>");
    person_html(out(visit), visit->arena, value);
    span_buffer_text(out(visit), "</dd>\n");
}

static void put_mail(const struct visit *visit, const struct held *held)
{
    char when[32];
    int64_t until_s = held->time_s + visit->session->config->held.keep_s;
    span_buffer_text(out(visit), "<p><strong>");
    if (*held->subject)
        person_html(out(visit), visit->arena, span_of(held->subject));
    else
        put_word(visit, WORD_NO_SUBJECT);
    span_buffer_text(out(visit), "</strong></p><dl>");
    put_row(visit, WORD_FROM, span_of(held->sender));
    put_row(visit, WORD_HELD_SINCE, span_of(person_time(held->time_s, when)));
    put_row(visit, WORD_UNTIL, span_of(person_time(until_s, when)));
    put_row(visit, WORD_WHY, person_why(visit->arena, span_of(held->evidence), REASONS));
    span_buffer_text(out(visit), "</dl>\n");
}

/* A form with a button. `name` and `value`: what it sends besides; NULL: nothing. */
static void put_button(const struct visit *visit, const char *action, enum person_word word,
                       const char *name, const char *value)
{
    span_buffer_printf(out(visit),
                       "<form method=\"post\"><input type=\"hidden\" name=\"do\" value=\"%s\">",
                       action);
    if (name) {
        span_buffer_printf(out(visit), "<input type=\"hidden\" name=\"%s\" value=\"", name);
        person_html(out(visit), visit->arena, span_of(value));
        span_buffer_text(out(visit), "\">");
    }
    span_buffer_printf(out(visit), "<button>%s</button></form>\n",
                       person_word(visit->language, word));
}

/* --- deeds --- */

static const struct {
    const char *name;
    enum signed_link_action action;
    enum person_word ask, button, done;
} actions[] = {
    {"release", SIGNED_LINK_RELEASE, WORD_ASK_RELEASE, WORD_RELEASE, WORD_DONE_RELEASE},
    {"allow", SIGNED_LINK_ALLOW, WORD_ASK_ALLOW, WORD_ALLOW, WORD_DONE_ALLOW},
    {"deny", SIGNED_LINK_DENY, WORD_ASK_DENY, WORD_DENY, WORD_DONE_DENY},
};
#define ACTIONS (sizeof actions / sizeof *actions)

/* ACTIONS: none of them, or the link does not let them. */
static size_t find_action(const struct visit *visit)
{
    for (size_t i = 0; i < ACTIONS; i++)
        if (visit->request->action && strcmp(visit->request->action, actions[i].name) == 0 &&
            (visit->link.actions & actions[i].action))
            return i;
    return ACTIONS;
}

static bool list_sender(struct visit *visit, const char *sender, bool denies, struct error *error)
{
    char entry[RECIPIENT_MAX + 1];
    if (!recipient_entry_normal(sender, entry)) {
        visit->said = WORD_BAD_ENTRY;
        return true;
    }
    if (!records_list_set(visit->records, visit->link.recipient, entry, denies, error)) {
        if (error->class != ERROR_INPUT)
            return false;
        visit->said = WORD_BAD_ENTRY;
        return true;
    }
    log_event(LOG_LEVEL_NOTICE, "listed", "recipient", visit->link.recipient, "entry", entry, "as",
              denies ? "denied" : "allowed", NULL);
    return records_audit(visit->records, visit->who, denies ? "deny" : "allow", entry, error);
}

static bool release(struct visit *visit, struct held **held, struct error *error)
{
    struct review_outcome outcome;
    char source[LESSON_SOURCE_MAX + 1];
    snprintf(source, sizeof source, "user:%.50s", visit->link.recipient);
    visit->session->lesson_source = source;
    bool good = review_release_open(visit->session, FRONT_MAIL, held, visit->who, &outcome, error);
    visit->session->lesson_source = NULL;
    if (good && outcome.impossible)
        visit->said = WORD_GONE;
    if (good && outcome.changed)
        log_event(LOG_LEVEL_NOTICE, "reviewed", "user", visit->who, "deed", "release", NULL);
    return good;
}

/* What a link that is good does not let its person do. */
static void refuse_deed(const struct visit *visit, const char *what, int64_t id)
{
    char text[RECORDS_TEXT_ID_SIZE];
    console_audit(visit->session, visit->who, what, records_text_id(FRONT_MAIL, id, text));
}

/* Does it once, however often it is asked, also when somebody undid it since. */
static bool act(struct visit *visit, struct held **held, size_t which, struct error *error)
{
    unsigned action = actions[which].action;
    int64_t id = (*held)->id;
    const char *recipient = visit->link.recipient;
    if (!records_link_used(visit->records, id, recipient, action, &visit->before_s, error))
        return false;
    visit->said = visit->before_s ? WORD_DONE_BEFORE : actions[which].done;
    if (visit->before_s) {
        refuse_deed(visit, "refused-link-again", id);
        return true;
    }
    bool good = action == SIGNED_LINK_RELEASE
                    ? release(visit, held, error)
                    : list_sender(visit, (*held)->sender, action == SIGNED_LINK_DENY, error);
    if (good && visit->said == actions[which].done)
        good = records_link_use(visit->records, id, recipient, action, error);
    return good;
}

/* The mail with that number, when it was addressed to this person alone; `*held` stays NULL when
 * there is none. */
static bool find_mail(const struct visit *visit, int64_t id, struct held **held,
                      struct error *error)
{
    *held = records_held_get(visit->records, id, error);
    if (!*held)
        return error->class == ERROR_INPUT;
    if (recipient_is_alone((*held)->recipients, visit->link.recipient) &&
        strcmp((*held)->channel, "mail") == 0)
        return true;
    held_free(*held);
    *held = NULL;
    return true;
}

/* --- the page of one mail --- */

/* Nobody is allowed or denied by mail without a sender. */
static bool can_be_asked(const struct held *held, size_t which)
{
    return actions[which].action == SIGNED_LINK_RELEASE || *held->sender;
}

static void put_buttons(const struct visit *visit, const struct held *held, size_t asked)
{
    bool open = OPEN & 1u << held->state;
    if (asked < ACTIONS && !visit->request->post && (open || asked > 0) &&
        can_be_asked(held, asked)) {
        span_buffer_text(out(visit), "<p>");
        put_word(visit, actions[asked].ask);
        span_buffer_text(out(visit), "</p>\n");
        put_button(visit, actions[asked].name, actions[asked].button, NULL, NULL);
    }
    for (size_t i = 0; i < ACTIONS; i++)
        if (i != asked && (visit->link.actions & actions[i].action) && (i > 0 || open) &&
            can_be_asked(held, i))
            put_button(visit, actions[i].name, actions[i].button, NULL, NULL);
}

static void show_mail(struct visit *visit, const struct held *held, size_t asked)
{
    visit->answer->status = MHD_HTTP_OK;
    begin_page(visit);
    put_said(visit);
    put_mail(visit, held);
    if (!(OPEN & 1u << held->state) && visit->said == WORD_COUNT) {
        const char *text = person_word(visit->language, WORD_STATE);
        span_buffer_printf(out(visit), "<p>%.*s%s</p>\n", (int)(strstr(text, "%s") - text), text,
                           held_state_name(held->state));
    }
    put_buttons(visit, held, asked);
    end_page(visit);
}

static void visit_mail(struct visit *visit)
{
    struct error error = {0};
    struct held *held;
    size_t asked = find_action(visit);
    if (!find_mail(visit, visit->link.held_id, &held, &error)) {
        fail(visit, &error);
        return;
    }
    if (!held || memcmp(held->document_id, visit->link.document_id, RECORD_ID_BYTES) != 0)
        say_only(visit, MHD_HTTP_GONE, WORD_GONE);
    else if (visit->request->post && asked == ACTIONS)
        say_only(visit, MHD_HTTP_BAD_REQUEST, WORD_GONE);
    else if (visit->request->post && !act(visit, &held, asked, &error))
        fail(visit, &error);
    else
        show_mail(visit, held, asked);
    held_free(held);
}

/* --- a person's page --- */

struct person_page {
    struct visit *visit;
    size_t shown;
    size_t seen;     /* of what the filter found, which others' mail is among */
    int64_t last_id; /* of that */
};

static bool show_listed(void *context, const struct held *held)
{
    struct person_page *page = context;
    struct visit *visit = page->visit;
    char id[RECORDS_TEXT_ID_SIZE];
    page->seen++;
    page->last_id = held->id;
    if (!recipient_is_among(held->recipients, visit->link.recipient) ||
        strcmp(held->channel, "mail") != 0)
        return true;
    page->shown++;
    span_buffer_text(out(visit), "<article>");
    put_mail(visit, held);
    records_text_id(FRONT_MAIL, held->id, id);
    if (recipient_is_alone(held->recipients, visit->link.recipient)) {
        for (size_t i = 0; i < ACTIONS; i++)
            if (can_be_asked(held, i))
                put_button(visit, actions[i].name, actions[i].button, "id", id);
    } else {
        put_word(visit, WORD_SEVERAL);
    }
    span_buffer_text(out(visit), "</article>\n");
    return page->shown < LISTED_MOST;
}

/* The filter finds the address as a part of longer ones, too: what is the person's own may stand
 * behind any number of others' mail. */
static bool show_held(struct visit *visit, struct error *error)
{
    struct person_page page = {.visit = visit};
    struct held_filter filter = {
        .states = OPEN, .recipient = visit->link.recipient, .most = LISTED_MOST};
    do {
        page.seen = 0;
        if (!records_held_page(visit->records, &filter, show_listed, &page, error))
            return false;
        filter.before_id = page.last_id;
    } while (page.seen == filter.most && page.shown < LISTED_MOST);
    if (!page.shown)
        put_word(visit, WORD_NOTHING_HELD);
    return true;
}

static void show_entry(void *context, const char *entry, bool denies)
{
    const struct visit *visit = context;
    span_buffer_text(out(visit), "<p>");
    person_html(out(visit), visit->arena, span_of(entry));
    span_buffer_text(out(visit), " – ");
    put_word(visit, denies ? WORD_DENIED : WORD_ALLOWED);
    span_buffer_text(out(visit), " ");
    put_button(visit, "remove", WORD_REMOVE, "entry", entry);
    span_buffer_text(out(visit), "</p>\n");
}

static bool show_lists(struct visit *visit, struct error *error)
{
    span_buffer_printf(out(visit), "<h2>%s</h2>\n<p>%s</p>\n",
                       person_word(visit->language, WORD_LISTS),
                       person_word(visit->language, WORD_LISTS_EXPLAINED));
    if (!records_list_visit(visit->records, visit->link.recipient, show_entry, visit, error))
        return false;
    span_buffer_printf(out(visit),
                       "<form method=\"post\"><label>%s <input name=\"entry\" maxlength=\"254\" "
                       "required></label> <button name=\"do\" value=\"allow\">%s</button><button "
                       "name=\"do\" value=\"deny\">%s</button></form>\n",
                       person_word(visit->language, WORD_ENTRY),
                       person_word(visit->language, WORD_ADD_ALLOW),
                       person_word(visit->language, WORD_ADD_DENY));
    return true;
}

static bool act_on_lists(struct visit *visit, struct error *error)
{
    const char *entry = visit->request->entry;
    size_t which = find_action(visit);
    bool removed;
    if (which < ACTIONS && actions[which].action != SIGNED_LINK_RELEASE) {
        visit->said = actions[which].done;
        return list_sender(visit, entry, actions[which].action == SIGNED_LINK_DENY, error);
    }
    if (!visit->request->action || strcmp(visit->request->action, "remove") != 0)
        return true;
    visit->said = WORD_DONE_REMOVE;
    return records_list_remove(visit->records, visit->link.recipient, entry, &removed, error) &&
           (!removed || records_audit(visit->records, visit->who, "remove", entry, error));
}

static bool act_on_mail(struct visit *visit, struct error *error)
{
    enum front front;
    int64_t number;
    struct held *held = NULL;
    size_t which = find_action(visit);
    bool good = true;
    visit->said = WORD_GONE;
    if (which < ACTIONS && records_text_is_held_id(visit->request->id, &front, &number) &&
        front == FRONT_MAIL)
        good = find_mail(visit, number, &held, error);
    if (held)
        good = act(visit, &held, which, error);
    else if (good && which < ACTIONS)
        console_audit(visit->session, visit->who, "refused-not-theirs", visit->request->id);
    held_free(held);
    return good;
}

static void visit_person(struct visit *visit)
{
    struct error error = {0};
    const struct door_request *request = visit->request;
    if (request->post && !(request->entry ? act_on_lists(visit, &error)
                           : request->id  ? act_on_mail(visit, &error)
                                          : true)) {
        fail(visit, &error);
        return;
    }
    visit->answer->status = MHD_HTTP_OK;
    begin_page(visit);
    span_buffer_text(out(visit), "<p>");
    person_html(out(visit), visit->arena, span_of(visit->link.recipient));
    span_buffer_text(out(visit), "</p>\n");
    put_said(visit);
    if (!show_held(visit, &error) || !show_lists(visit, &error)) {
        fail(visit, &error);
        return;
    }
    end_page(visit);
}

/* --- the door --- */

/* Only who guesses has to wait: a link that is good is never kept from its person. */
static void refuse_forged(struct visit *visit)
{
    char who[80];
    if (visit->request->must_wait) {
        say_only(visit, MHD_HTTP_TOO_MANY_REQUESTS, WORD_TOO_MANY);
        return;
    }
    visit->answer->forged = true;
    snprintf(who, sizeof who, "link from %.60s", visit->request->address);
    log_event(LOG_LEVEL_WARNING, "forged-link", "address", visit->request->address, NULL);
    console_audit(visit->session, who, "refused-link", "");
    say_only(visit, MHD_HTTP_NOT_FOUND, WORD_FORGED);
}

static enum signed_link_status verify(struct visit *visit, struct error *error)
{
    struct signed_link_keys keys = {0};
    const char *path = visit->session->config->digest.key_file;
    /* Read each time, so that a rotation needs no restart. */
    if (!signed_link_keys_make(path, error) || !signed_link_keys_read(path, &keys, error))
        return SIGNED_LINK_FORGED;
    enum signed_link_status status =
        signed_link_verify(&keys, visit->request->token, time(NULL), &visit->link);
    sodium_memzero(&keys, sizeof keys);
    return status;
}

static void answer_visit(struct visit *visit)
{
    struct error error = {0};
    bool opened = session_open_records(visit->session, FRONT_MAIL) == EX_OK;
    visit->records = visit->session->records[FRONT_MAIL];
    enum signed_link_status status = verify(visit, &error);
    if (error.class != ERROR_NONE || !opened) {
        fail(visit, &error);
        return;
    }
    if (status == SIGNED_LINK_FORGED) {
        refuse_forged(visit);
        return;
    }
    visit->language = config_recipient(visit->session->config, visit->link.recipient).language;
    snprintf(visit->who, sizeof visit->who, "recipient %s", visit->link.recipient);
    if (status == SIGNED_LINK_EXPIRED && visit->request->post)
        console_audit(visit->session, visit->who, "refused-link-expired", "");
    if (status == SIGNED_LINK_EXPIRED)
        say_only(visit, MHD_HTTP_GONE, WORD_EXPIRED);
    else if (!visit->records)
        say_only(visit, MHD_HTTP_GONE, WORD_GONE);
    else if (visit->link.purpose == SIGNED_LINK_MAIL)
        visit_mail(visit);
    else if (visit->link.purpose == SIGNED_LINK_PERSON)
        visit_person(visit);
    else
        say_only(visit, MHD_HTTP_NOT_FOUND, WORD_FORGED);
}

void console_door(void *context, const struct door_request *request, struct door_answer *answer)
{
    struct console_gateway *gateway = context;
    struct session *session = console_gateway_enter(gateway);
    struct visit visit = {.session = session,
                          .request = request,
                          .answer = answer,
                          .language = session->config->digest.language,
                          .arena = arena_new(),
                          .said = WORD_COUNT};
    answer_visit(&visit);
    console_gateway_leave(gateway, session);
    arena_free(visit.arena);
}
