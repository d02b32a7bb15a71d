#include "admin/console_door.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "admin/console_audit.h"
#include "admin/console_door_item.h"
#include "admin/console_door_link.h"
#include "admin/console_door_page.h"
#include "admin/person_words.h"
#include "admin/records_text.h"
#include "admin/review.h"
#include "core/log.h"
#include "core/recipient.h"
#include "core/signed_link.h"
#include "store/records_page.h"
#include "store/records_people.h"
#include "store/records_search.h"

#define REASONS 3
#define LISTED_MOST 100      /* on a page */
#define COUNTED_MOST 1000    /* on pages to come */
#define LOOKED_MOST 3000     /* of what the filter finds, for one page */
#define LIST_CHANGES_MOST 60 /* of a person, in LIST_CHANGES_S */
#define LIST_CHANGES_S 3600
#define OPEN (1u << HELD_PENDING | 1u << HELD_HELD)

/* --- what a mail looks like --- */

static void put_mail(const struct visit *visit, const struct held *held)
{
    char when[32];
    int64_t until_s = held->time_s + visit->session->config->held.keep_s;
    span_buffer_text(door_out(visit), "<p><strong>");
    if (*held->subject)
        person_html(door_out(visit), visit->arena,
                    person_start(visit->arena, span_of(held->subject)));
    else
        door_put_word(visit, WORD_NO_SUBJECT);
    span_buffer_text(door_out(visit), "</strong></p><dl>");
    door_put_row(visit, WORD_FROM, person_start(visit->arena, span_of(held->sender)));
    door_put_row(visit, WORD_HELD_SINCE, span_of(person_time(held->time_s, when)));
    door_put_row(visit, WORD_UNTIL, span_of(person_time(until_s, when)));
    door_put_row(visit, WORD_WHY,
                 person_why(visit->arena, visit->language, span_of(held->evidence), REASONS));
    span_buffer_text(door_out(visit), "</dl>\n");
}

/* --- deeds --- */

static const struct {
    const char *name;
    enum signed_link_action action;
    enum person_word ask, button;
} actions[] = {
    {"release", SIGNED_LINK_RELEASE, WORD_ASK_RELEASE, WORD_RELEASE},
    {"allow", SIGNED_LINK_ALLOW, WORD_ASK_ALLOW, WORD_ALLOW},
    {"deny", SIGNED_LINK_DENY, WORD_ASK_DENY, WORD_DENY},
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

static void count_line(void *context, const struct audit_line *line)
{
    (void)line;
    ++*(unsigned *)context;
}

/* How many lines of this person the audit trail has of that of late. */
static bool count_lately(const struct visit *visit, const char *what, unsigned *count,
                         struct error *error)
{
    struct audit_filter filter = {.who = visit->who,
                                  .what = what,
                                  .since_s = time(NULL) - LIST_CHANGES_S,
                                  .most = LIST_CHANGES_MOST};
    return records_audit_list(visit->records, &filter, count_line, count, error);
}

/* Whoever has the link could go on for ever, each time with a line in the audit trail, which tells
 * once that it was refused. */
static bool may_change_lists(struct visit *visit, bool *may, struct error *error)
{
    static const char refused[] = "refused-link-too-often";
    unsigned changes = 0, refusals = 0;
    if (!count_lately(visit, "allow", &changes, error) ||
        !count_lately(visit, "deny", &changes, error) ||
        !count_lately(visit, "remove", &changes, error) ||
        !count_lately(visit, refused, &refusals, error))
        return false;
    *may = changes < LIST_CHANGES_MOST;
    if (!*may)
        visit->said = WORD_TOO_MANY;
    if (!*may && !refusals)
        console_audit(visit->session, visit->who, refused, "lists");
    return true;
}

/* What is so already is no change, and no refusal. */
static bool list_sender(struct visit *visit, const char *sender, bool denies, struct error *error)
{
    enum list_answer answer, wanted = denies ? LIST_DENIES : LIST_ALLOWS;
    const char *recipient = visit->link.recipient;
    char entry[RECIPIENT_MAX + 1];
    bool may;
    visit->said = WORD_BAD_ENTRY;
    if (!recipient_entry_normal(sender, entry))
        return true;
    if (!records_list_find(visit->records, recipient, entry, &answer, &visit->before_s, error))
        return false;
    if (answer == wanted) {
        visit->said = denies ? WORD_DENIED_BEFORE : WORD_ALLOWED_BEFORE;
        return true;
    }
    if (!may_change_lists(visit, &may, error) || !may)
        return error->class == ERROR_NONE;
    if (!records_list_set(visit->records, recipient, entry, denies, error))
        return error->class == ERROR_INPUT; /* it is full */
    visit->said = denies ? WORD_DONE_DENY : WORD_DONE_ALLOW;
    log_event(LOG_LEVEL_NOTICE, "listed", "recipient", recipient, "entry", entry, "as",
              denies ? "denied" : "allowed", NULL);
    return records_audit(visit->records, visit->who, denies ? "deny" : "allow", entry, error);
}

/* The person, whatever extension an address of theirs has: everybody can make as many of
 * "ann+shop@example.org" as they like. */
static void name_source(const char *recipient, char source[LESSON_SOURCE_MAX + 1])
{
    const char *domain = strrchr(recipient, '@');
    size_t name = strcspn(recipient, "+@");
    if (!domain || !name)
        domain = "", name = strlen(recipient);
    snprintf(source, LESSON_SOURCE_MAX + 1, "user:%.*s%s", (int)name, recipient, domain);
    for (char *at = source; *at; at++)
        *at = (char)tolower((unsigned char)*at);
}

static bool release(struct visit *visit, struct held **held, struct error *error)
{
    struct review_outcome outcome;
    char source[LESSON_SOURCE_MAX + 1];
    name_source(visit->link.recipient, source);
    visit->session->lesson_source = source;
    bool good = review_release_open(visit->session, FRONT_MAIL, held, visit->who, &outcome, error);
    visit->session->lesson_source = NULL;
    if (good)
        visit->said = outcome.impossible ? WORD_GONE : WORD_DONE_RELEASE;
    if (good && outcome.changed)
        log_event(LOG_LEVEL_NOTICE, "reviewed", "user", visit->who, "deed", "release", NULL);
    return good && (outcome.impossible ||
                    records_link_use(visit->records, (*held)->id, visit->link.recipient,
                                     SIGNED_LINK_RELEASE, error));
}

/* Does it when it is not so already: a release once, however often it is asked, and again when
 * somebody undid it in time and it is held as before; of lists the last word counts. */
static bool act(struct visit *visit, struct held **held, size_t which, struct error *error)
{
    unsigned action = actions[which].action;
    const unsigned released = 1u << HELD_RELEASE_REQUESTED | 1u << HELD_RELEASED;
    if (action != SIGNED_LINK_RELEASE)
        return list_sender(visit, (*held)->sender, action == SIGNED_LINK_DENY, error);
    if (!records_link_used(visit->records, (*held)->id, visit->link.recipient, action,
                           &visit->before_s, error))
        return false;
    if (!visit->before_s || !(released & 1u << (*held)->state))
        return release(visit, held, error);
    visit->said = WORD_DONE_BEFORE;
    return true;
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
        span_buffer_text(door_out(visit), "<p>");
        door_put_word(visit, actions[asked].ask);
        span_buffer_text(door_out(visit), "</p>\n");
        door_put_button(visit, actions[asked].name, actions[asked].button, NULL, NULL);
    }
    for (size_t i = 0; i < ACTIONS; i++)
        if (i != asked && (visit->link.actions & actions[i].action) && (i > 0 || open) &&
            can_be_asked(held, i))
            door_put_button(visit, actions[i].name, actions[i].button, NULL, NULL);
}

/* Of what is no longer open. */
static const enum person_word words_of_state[HELD_STATES] = {
    [HELD_RELEASE_REQUESTED] = WORD_DONE_RELEASE,
    [HELD_RELEASED] = WORD_IS_RELEASED,
    [HELD_CONFIRMED] = WORD_IS_CONFIRMED,
    [HELD_DELETE_REQUESTED] = WORD_IS_BEING_DELETED,
    [HELD_DELETED] = WORD_IS_DELETED,
    [HELD_GONE] = WORD_IS_GONE,
    [HELD_SUPERSEDED] = WORD_GONE,
};

static unsigned status_of(const struct visit *visit)
{
    return visit->said == WORD_TOO_MANY ? MHD_HTTP_TOO_MANY_REQUESTS : MHD_HTTP_OK;
}

static void show_mail(struct visit *visit, const struct held *held, size_t asked)
{
    visit->answer->status = status_of(visit);
    door_begin(visit);
    door_put_said(visit);
    put_mail(visit, held);
    if (!(OPEN & 1u << held->state) && visit->said == WORD_COUNT) {
        span_buffer_text(door_out(visit), "<p>");
        door_put_word(visit, words_of_state[held->state]);
        span_buffer_text(door_out(visit), "</p>\n");
    }
    put_buttons(visit, held, asked);
    door_end(visit);
}

static void visit_mail(struct visit *visit)
{
    struct error error = {0};
    struct held *held;
    size_t asked = find_action(visit);
    if (!find_mail(visit, visit->link.held_id, &held, &error)) {
        door_fail(visit, &error);
        return;
    }
    if (!held || memcmp(held->document_id, visit->link.document_id, RECORD_ID_BYTES) != 0)
        door_say_only(visit, MHD_HTTP_GONE, WORD_GONE);
    else if (visit->request->post && asked == ACTIONS)
        door_say_only(visit, MHD_HTTP_BAD_REQUEST, WORD_GONE);
    else if (visit->request->post && !act(visit, &held, asked, &error))
        door_fail(visit, &error);
    else
        show_mail(visit, held, asked);
    held_free(held);
}

/* --- a person's page --- */

struct person_page {
    struct visit *visit;
    size_t shown;
    size_t older;    /* theirs, too, on pages to come; of more than COUNTED_MOST it is known that */
    int64_t last_id; /* of what is shown */
    size_t seen;     /* of what the filter found, which others' mail is among */
    int64_t seen_id; /* the last of that */
    size_t looked;   /* seen in all */
    bool unfinished; /* there may be more of theirs than was looked at */
};

static void show_listed(struct person_page *page, const struct held *held)
{
    struct visit *visit = page->visit;
    char id[RECORDS_TEXT_ID_SIZE];
    page->shown++;
    page->last_id = held->id;
    span_buffer_text(door_out(visit), "<article>");
    put_mail(visit, held);
    records_text_id(FRONT_MAIL, held->id, id);
    if (recipient_is_alone(held->recipients, visit->link.recipient)) {
        for (size_t i = 0; i < ACTIONS; i++)
            if (can_be_asked(held, i))
                door_put_button(visit, actions[i].name, actions[i].button, "id", id);
    } else {
        door_put_word(visit, WORD_SEVERAL);
    }
    span_buffer_text(door_out(visit), "</article>\n");
}

static bool show_or_count(void *context, const struct held *held)
{
    struct person_page *page = context;
    page->seen++;
    page->seen_id = held->id;
    if (!recipient_is_among(held->recipients, page->visit->link.recipient) ||
        strcmp(held->channel, "mail") != 0)
        return true;
    if (page->shown < LISTED_MOST)
        show_listed(page, held);
    else
        page->older++;
    return true;
}

static void put_older(const struct person_page *page)
{
    const struct visit *visit = page->visit;
    char id[RECORDS_TEXT_ID_SIZE], older[32];
    bool many = page->older > COUNTED_MOST, full = page->shown == LISTED_MOST;
    snprintf(older, sizeof older, "%zu", many ? COUNTED_MOST : page->older);
    span_buffer_printf(door_out(visit), "<a href=\"?before=%s\">",
                       records_text_id(FRONT_MAIL, full ? page->last_id : page->seen_id, id));
    if (page->unfinished)
        door_put_word(visit, WORD_OLDER_LOOK);
    else
        person_words_with(door_out(visit), visit->language, many ? WORD_OLDER_MANY : WORD_OLDER,
                          older);
    span_buffer_text(door_out(visit), "</a>");
}

/* To the pages beside this one, by the same link. */
static void put_pages(const struct person_page *page, bool newest)
{
    const struct visit *visit = page->visit;
    bool more = page->older || page->unfinished;
    if (newest && !more)
        return;
    span_buffer_text(door_out(visit), "<p>");
    if (!newest)
        span_buffer_printf(door_out(visit), "<a href=\"?\">%s</a> ",
                           person_word(visit->language, WORD_NEWEST));
    if (more)
        put_older(page);
    span_buffer_text(door_out(visit), "</p>\n");
}

/* The filter finds the address as a part of longer ones, too: what is the person's own may stand
 * behind any number of others' mail. Whoever has the link can ask for the page as often as they
 * like, so no more is counted than says something, nor looked at than one page is worth. */
static bool show_held(struct visit *visit, struct error *error)
{
    enum front front = FRONT_MAIL;
    struct person_page page = {.visit = visit};
    struct held_filter filter = {
        .states = OPEN, .recipient = visit->link.recipient, .most = LISTED_MOST};
    const char *before = visit->request->before;
    if (before &&
        (!records_text_is_held_id(before, &front, &filter.before_id) || front != FRONT_MAIL))
        filter.before_id = 0;
    bool newest = !filter.before_id, more;
    do {
        page.seen = 0;
        if (!records_held_page(visit->records, &filter, show_or_count, &page, error))
            return false;
        filter.before_id = page.seen_id;
        page.looked += page.seen;
        more = page.seen == filter.most && page.older <= COUNTED_MOST;
    } while (more && page.looked < LOOKED_MOST);
    page.unfinished = more;
    if (!page.shown && !more && newest)
        door_put_word(visit, WORD_NOTHING_HELD);
    put_pages(&page, newest);
    return true;
}

static void show_entry(void *context, const char *entry, bool denies)
{
    const struct visit *visit = context;
    span_buffer_text(door_out(visit), "<p>");
    person_html(door_out(visit), visit->arena, span_of(entry));
    span_buffer_text(door_out(visit), " – ");
    door_put_word(visit, denies ? WORD_DENIED : WORD_ALLOWED);
    span_buffer_text(door_out(visit), " ");
    door_put_button(visit, "remove", WORD_REMOVE, "entry", entry);
    span_buffer_text(door_out(visit), "</p>\n");
}

static bool show_lists(struct visit *visit, struct error *error)
{
    span_buffer_printf(door_out(visit), "<h2>%s</h2>\n<p>%s</p>\n",
                       person_word(visit->language, WORD_LISTS),
                       person_word(visit->language, WORD_LISTS_EXPLAINED));
    if (!records_list_visit(visit->records, visit->link.recipient, show_entry, visit, error))
        return false;
    span_buffer_printf(door_out(visit),
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
    char normal[RECIPIENT_MAX + 1];
    size_t which = find_action(visit);
    bool removed, may;
    if (which < ACTIONS && actions[which].action != SIGNED_LINK_RELEASE)
        return list_sender(visit, entry, actions[which].action == SIGNED_LINK_DENY, error);
    if (!visit->request->action || strcmp(visit->request->action, "remove") != 0)
        return true;
    if (!may_change_lists(visit, &may, error) || !may)
        return error->class == ERROR_NONE;
    visit->said = WORD_NOT_LISTED;
    if (!recipient_entry_normal(entry, normal))
        return true;
    if (!records_list_remove(visit->records, visit->link.recipient, normal, &removed, error))
        return false;
    visit->said = removed ? WORD_DONE_REMOVE : WORD_NOT_LISTED;
    return !removed || records_audit(visit->records, visit->who, "remove", normal, error);
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
        door_fail(visit, &error);
        return;
    }
    visit->answer->status = status_of(visit);
    door_begin(visit);
    span_buffer_text(door_out(visit), "<p>");
    person_html(door_out(visit), visit->arena, span_of(visit->link.recipient));
    span_buffer_text(door_out(visit), "</p>\n");
    door_put_said(visit);
    if (!show_held(visit, &error) || !show_lists(visit, &error)) {
        door_fail(visit, &error);
        return;
    }
    door_end(visit);
}

/* --- the door --- */

/* Only who guesses has to wait: a link that is good is never kept from its person. */
static void refuse_forged(struct visit *visit)
{
    char who[80];
    if (signed_link_claims(visit->request->token) == SIGNED_LINK_ITEM)
        visit->title = WORD_ITEM_TITLE;
    if (visit->request->must_wait) {
        door_say_only(visit, MHD_HTTP_TOO_MANY_REQUESTS, WORD_TOO_MANY);
        return;
    }
    visit->answer->forged = true;
    snprintf(who, sizeof who, "link from %.60s", visit->request->address);
    log_event(LOG_LEVEL_WARNING, "forged-link", "address", visit->request->address, NULL);
    console_audit(visit->session, who, "refused-link", "");
    door_say_only(visit, MHD_HTTP_NOT_FOUND, WORD_FORGED);
}

/* Whose link it is. */
static void find_visitor(struct visit *visit)
{
    const char *recipient = visit->link.recipient;
    if (visit->link.purpose == SIGNED_LINK_ITEM) {
        visit->title = WORD_ITEM_TITLE;
        snprintf(visit->who, sizeof visit->who, "reader of %s", recipient);
    } else {
        visit->language = config_recipient(visit->session->config, recipient).language;
        snprintf(visit->who, sizeof visit->who, "recipient %s", recipient);
    }
}

static void enter(struct visit *visit)
{
    struct error error = {0};
    enum front front = visit->link.purpose == SIGNED_LINK_ITEM ? FRONT_FEED : FRONT_MAIL;
    bool opened = session_open_records(visit->session, front) == EX_OK;
    visit->records = visit->session->records[front];
    if (!opened)
        door_fail(visit, &error);
    else if (!visit->records)
        door_say_only(visit, MHD_HTTP_GONE, WORD_GONE);
    else if (visit->link.purpose == SIGNED_LINK_ITEM)
        console_door_item(visit);
    else if (visit->link.purpose == SIGNED_LINK_MAIL)
        visit_mail(visit);
    else if (visit->link.purpose == SIGNED_LINK_PERSON)
        visit_person(visit);
    else
        door_say_only(visit, MHD_HTTP_NOT_FOUND, WORD_FORGED);
}

static void answer_visit(struct visit *visit)
{
    struct error error = {0};
    enum signed_link_status status =
        console_door_verify(visit->session->config, visit->request->token, &visit->link, &error);
    if (error.class != ERROR_NONE) {
        door_fail(visit, &error);
        return;
    }
    if (status == SIGNED_LINK_FORGED) {
        refuse_forged(visit);
        return;
    }
    find_visitor(visit);
    if (status == SIGNED_LINK_EXPIRED && visit->request->post)
        console_audit(visit->session, visit->who, "refused-link-expired", "");
    if (status == SIGNED_LINK_EXPIRED)
        door_say_only(visit, MHD_HTTP_GONE, WORD_EXPIRED);
    else
        enter(visit);
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
                          .title = WORD_TITLE,
                          .said = WORD_COUNT};
    answer_visit(&visit);
    console_gateway_leave(gateway, session);
    arena_free(visit.arena);
}
