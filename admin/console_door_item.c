#include "admin/console_door_item.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/console_audit.h"
#include "admin/console_door_twin.h"
#include "admin/records_text.h"
#include "admin/review.h"
#include "core/held_item.h"
#include "core/judge.h"
#include "core/log.h"
#include "core/verdict.h"
#include "store/records_evidence.h"
#include "store/records_people.h"
#include "store/records_shown.h"

#define REASONS 3
#define SAYINGS_MAX 6 /* the first word about an item, and five changes of mind */
#define READER "reader of "

struct item_page {
    struct visit *visit;
    struct shown_item *shown; /* NULL: the link is about what is held */
    struct held *held;        /* what is held of it now, or was; NULL: nothing */
    struct judged judged;     /* with `shown`: of the same content; `action` NULL: of other */
};

static bool say_item(struct item_page *page, enum label label, struct error *error);
static bool decide(struct item_page *page, enum review_deed deed, unsigned action,
                   struct error *error);

static bool do_spam(struct item_page *page, struct error *error)
{
    return say_item(page, LABEL_SPAM, error);
}

static bool do_not_spam(struct item_page *page, struct error *error)
{
    return say_item(page, LABEL_HAM, error);
}

static bool do_release(struct item_page *page, struct error *error)
{
    return decide(page, REVIEW_RELEASE, SIGNED_LINK_RELEASE, error);
}

static bool do_confirm(struct item_page *page, struct error *error)
{
    return decide(page, REVIEW_CONFIRM, SIGNED_LINK_CONFIRM, error);
}

static const struct deed {
    const char *name;
    enum signed_link_action action;
    enum person_word ask, button, done;
    bool (*act)(struct item_page *page, struct error *error);
} deeds[] = {
    {"spam", SIGNED_LINK_SPAM, WORD_ASK_SPAM, WORD_SPAM, WORD_DONE_SPAM, do_spam},
    {"not-spam", SIGNED_LINK_NOT_SPAM, WORD_ASK_NOT_SPAM, WORD_NOT_SPAM, WORD_DONE_NOT_SPAM,
     do_not_spam},
    {"release", SIGNED_LINK_RELEASE, WORD_ASK_ITEM_RELEASE, WORD_ITEM_RELEASE,
     WORD_DONE_ITEM_RELEASE, do_release},
    {"confirm", SIGNED_LINK_CONFIRM, WORD_ASK_CONFIRM, WORD_CONFIRM, WORD_DONE_CONFIRM, do_confirm},
};
#define DEEDS (sizeof deeds / sizeof *deeds)

/* NULL: none, or the link does not let it. */
static const struct deed *find_deed(const struct visit *visit)
{
    const char *name = visit->request->action;
    for (size_t i = 0; i < DEEDS; i++)
        if (name && strcmp(name, deeds[i].name) == 0 && (visit->link.actions & deeds[i].action))
            return &deeds[i];
    return NULL;
}

/* --- what it is about --- */

/* `page->held` stays NULL when nothing of that number is held of this item. */
static bool find_held(struct item_page *page, int64_t id, struct error *error)
{
    const struct signed_link *link = &page->visit->link;
    struct held *held = records_held_get(page->visit->records, id, error);
    if (!held) {
        bool none = error->class == ERROR_INPUT;
        if (none)
            *error = (struct error){0};
        return none;
    }
    if (strcmp(held->channel, "feed") == 0 && strcmp(held->sender, link->recipient) == 0 &&
        memcmp(held->document_id, link->document_id, RECORD_ID_BYTES) == 0)
        page->held = held;
    else
        held_free(held);
    return true;
}

/* An item that was edited since, or whose verdict is to hold nothing, has nothing held. */
static bool find_judged(struct item_page *page, struct error *error)
{
    const struct shown_item *shown = page->shown;
    struct judged judged;
    bool found;
    if (!records_judged_find(page->visit->records, shown->feed, shown->key, &judged, &found, error))
        return false;
    if (!found) { /* while the counts store was away; it is judged once that is back */
        page->judged = (struct judged){.action = action_name(ACTION_ACCEPT), .time_s = time(NULL)};
        memcpy(page->judged.content_hash, shown->content_hash, RECORD_ID_BYTES);
        return true;
    }
    if (memcmp(judged.content_hash, shown->content_hash, RECORD_ID_BYTES) != 0)
        return true;
    page->judged = judged;
    return !judged.held_id || strcmp(judged.action, action_name(ACTION_HOLD)) != 0 ||
           find_held(page, judged.held_id, error);
}

static bool find_item(struct item_page *page, struct error *error)
{
    const struct signed_link *link = &page->visit->link;
    if (link->held_id)
        return find_held(page, link->held_id, error);
    if (!records_shown_find(page->visit->records, link->document_id, &page->shown, error))
        return false;
    if (page->shown && strcmp(page->shown->feed, link->recipient) != 0) {
        free(page->shown);
        page->shown = NULL;
    }
    return !page->shown || find_judged(page, error);
}

/* --- deeds --- */

static bool is_in_state(const struct held *held, unsigned states)
{
    return held && states & 1u << held->state;
}

static void log_deed(const struct visit *visit, const char *deed)
{
    log_event(LOG_LEVEL_NOTICE, "reviewed", "user", visit->who, "deed", deed, NULL);
}

/* The lesson of what is shown, encoded, in `held`, which the caller frees; false: the item cannot
 * be read alone. */
static bool make_lesson(const struct item_page *page, struct held *held, unsigned char **lesson,
                        struct error *error)
{
    struct session *session = page->visit->session;
    struct error away = {0};
    struct lesson made;
    struct feed *feed = held_item_read_at(held, span_of(page->shown->address), error);
    if (!feed)
        return false;
    session_teach_for(session, FRONT_FEED);
    bool good = session_open_counts(session) == EX_OK;
    if (good) {
        session_open_replica(session, &away); /* review_teach() finds out again */
        const struct judge judge = {.store = session->store, .replica = session->replica};
        struct document *document =
            feed_item_document(feed, &feed->items[0], span_of(page->shown->feed));
        memcpy(document->id, held->document_id, RECORD_ID_BYTES);
        document->is_comment = page->shown->is_comment;
        judge_prepare(document, session->config);
        judge_lesson(&judge, document, &made);
        *lesson = lesson_encode(&made, &held->lesson_length);
        held->lesson = *lesson;
        held->taught_from = judge_learned(&judge, &made);
        document_free(document);
    } else {
        error_set(error, ERROR_SYSTEM, "the counts store cannot be opened");
    }
    feed_free(feed);
    return good;
}

/* What is shown, as it would be held. */
static struct held as_held(const struct shown_item *shown, const struct judged *judged,
                           const struct history_entry *verdict)
{
    struct held held = {
        .state = HELD_HELD,
        .time_s = time(NULL),
        .channel = "feed",
        .sender = shown->feed,
        .recipients = "",
        .subject = shown->subject,
        .reference = shown->reference,
        .requeued_as = "",
        .log_odds = judged->log_odds,
        .evidence = verdict ? verdict->evidence : "{}",
        .item = shown->item,
        .item_length = shown->item_length,
        .item_head = shown->head,
        .item_head_length = shown->head_length,
    };
    memcpy(held.document_id, shown->document_id, RECORD_ID_BYTES);
    return held;
}

struct saying {
    const struct item_page *page;
    struct held *held; /* its id is set when it is added */
    enum label label;
};

/* Of what was released by readers, or by rules: it is held again, as the same entry. */
static bool hold_again(const struct saying *saying, struct error *error)
{
    struct records *records = saying->page->visit->records;
    int64_t id = saying->page->held->id;
    struct records_deed deed;
    bool found, moved, undone;
    saying->held->id = id;
    return records_held_move(records, id, 1u << HELD_RELEASED, HELD_HELD, &moved, error) &&
           records_deed_last(records, id, review_name(REVIEW_RELEASE), &deed, &found, error) &&
           (!found || records_deed_undo(records, deed.id, &undone, error));
}

/* Another reader may have decided since the page was read. */
static bool refuse_changed(const struct item_page *page, struct error *error)
{
    const struct shown_item *shown = page->shown;
    struct judged now;
    bool found;
    if (!records_judged_find(page->visit->records, shown->feed, shown->key, &now, &found, error))
        return false;
    return !found ||
           (now.held_id == page->judged.held_id && strcmp(now.action, page->judged.action) == 0) ||
           error_set(error, ERROR_SYSTEM, "another reader decided about it at the same time");
}

/* The verdict that sticks is the reader's from now on. */
static bool change_verdict(const struct saying *saying, struct error *error)
{
    const struct item_page *page = saying->page;
    struct judged judged = page->judged;
    bool spam = saying->label == LABEL_SPAM;
    bool out = is_in_state(page->held, ~(1u << HELD_RELEASED | 1u << HELD_SUPERSEDED));
    if (spam && is_in_state(page->held, 1u << HELD_HELD))
        saying->held->id = page->held->id; /* that remembers it */
    if (!judged.action || out || (!spam && is_in_state(page->held, 1u << HELD_RELEASED)))
        return true;
    if (spam && is_in_state(page->held, 1u << HELD_RELEASED))
        return hold_again(saying, error);
    if (!refuse_changed(page, error) ||
        (spam && !records_held_add(page->visit->records, saying->held, &saying->held->id, error)))
        return false;
    judged.held_id = saying->held->id;
    judged.action = action_name(spam ? ACTION_HOLD : ACTION_ACCEPT);
    return records_judged_save(page->visit->records, page->shown->feed, page->shown->key, &judged,
                               error);
}

/* In a transaction. */
static bool note_said(void *context, struct error *error)
{
    const struct saying *saying = context;
    const struct visit *visit = saying->page->visit;
    const char *what = saying->label == LABEL_SPAM ? "spam" : "not-spam";
    char id[DOCUMENT_ID_HEX > RECORDS_TEXT_ID_SIZE ? DOCUMENT_ID_HEX : RECORDS_TEXT_ID_SIZE];
    if (!change_verdict(saying, error))
        return false;
    if (saying->held->id)
        records_text_id(FRONT_FEED, saying->held->id, id);
    else
        document_id_hex(saying->held->document_id, id);
    return records_learned(visit->records, saying->held->document_id, saying->label,
                           visit->session->lesson_source, visit->who, what, error) &&
           records_audit(visit->records, visit->who, what, id, error);
}

/* The lesson comes last: until it is taught, it can be asked for again. */
static bool say_shown(struct item_page *page, enum label label, struct error *error)
{
    struct visit *visit = page->visit;
    char id[DOCUMENT_ID_HEX];
    struct error unknown = {0};
    unsigned char *lesson = NULL;
    struct review_outcome outcome = {0};
    document_id_hex(page->shown->document_id, id);
    struct history_entry *verdict = records_history_find(visit->records, id, &unknown);
    struct held held = as_held(page->shown, &page->judged, verdict);
    struct saying saying = {page, &held, label};
    bool good = make_lesson(page, &held, &lesson, error) &&
                records_transaction(visit->records, note_said, &saying, error);
    if (good) {
        review_teach(visit->session, FRONT_FEED, &held, label, &outcome);
        good = outcome.taught;
        *error = outcome.trouble;
    }
    history_entry_free(verdict);
    free(lesson);
    return good;
}

/* Who decided last about what is held. */
static void note_decider(void *context, const struct audit_entry *entry)
{
    static const char *const decide[] = {"release", "confirm", "delete", "spam"};
    bool *by_reviewer = context;
    bool decides = strncmp(entry->what, REVIEW_UNDO " ", sizeof REVIEW_UNDO) == 0;
    for (size_t i = 0; i < sizeof decide / sizeof *decide; i++)
        decides = decides || strcmp(entry->what, decide[i]) == 0;
    if (decides)
        *by_reviewer = strncmp(entry->who, READER, sizeof READER - 1) != 0;
}

/* What a reviewer decided stands: `*refused`, and the page says so. */
static bool refuse_reviewed(struct item_page *page, bool spam, bool *refused, struct error *error)
{
    char id[RECORDS_TEXT_ID_SIZE];
    bool by_reviewer = false;
    *refused = is_in_state(page->held, 1u << HELD_CONFIRMED | 1u << HELD_DELETED);
    page->visit->said = *refused ? WORD_GONE : page->visit->said;
    if (*refused || !is_in_state(page->held, 1u << (spam ? HELD_RELEASED : HELD_HELD)))
        return true;
    records_text_id(FRONT_FEED, page->held->id, id);
    if (!records_audit_of(page->visit->records, id, note_decider, &by_reviewer, error))
        return false;
    *refused = by_reviewer;
    page->visit->said = *refused ? WORD_REVIEWED : page->visit->said;
    return true;
}

/* Whoever has the link could go on for ever. The audit trail tells once. */
static bool refuse_too_often(struct item_page *page, struct error *error)
{
    char id[DOCUMENT_ID_HEX];
    bool first;
    const struct shown_item *shown = page->shown;
    page->visit->said = WORD_SAID_TOO_OFTEN;
    if (shown->sayings > SAYINGS_MAX)
        return true;
    if (!records_shown_count(page->visit->records, shown->document_id, SAYINGS_MAX, SAYINGS_MAX + 1,
                             &first, error))
        return false;
    document_id_hex(shown->document_id, id);
    if (first)
        console_audit(page->visit->session, page->visit->who, "refused-link-too-often", id);
    return true;
}

/* Carries out what was counted. */
static bool carry_out(struct item_page *page, enum label label, struct error *error)
{
    struct visit *visit = page->visit;
    bool spam = label == LABEL_SPAM;
    struct review_outcome outcome;
    if (spam || !is_in_state(page->held, 1u << HELD_HELD))
        return say_shown(page, label, error);
    visit->said = WORD_DONE_ITEM_RELEASE;
    bool good =
        review_release_open(visit->session, FRONT_FEED, &page->held, visit->who, &outcome, error);
    if (good && outcome.impossible)
        visit->said = WORD_GONE;
    return good;
}

/* `*counted` false: another who has the link said something since the page was read. What could not
 * be carried out counts for nothing. */
static bool count_and_say(struct item_page *page, enum label label, bool *counted,
                          struct error *error)
{
    struct visit *visit = page->visit;
    const struct shown_item *shown = page->shown;
    int sayings = shown->sayings;
    struct error ignored = {0};
    bool given_back;
    if (!records_shown_count(visit->records, shown->document_id, sayings, sayings + 1, counted,
                             error) ||
        !*counted)
        return !*counted && error->class == ERROR_NONE;
    bool good = carry_out(page, label, error);
    if (!good)
        records_shown_count(visit->records, shown->document_id, sayings + 1, sayings, &given_back,
                            &ignored);
    if (good)
        log_deed(visit, label == LABEL_SPAM ? "spam" : "not-spam");
    return good &&
           records_shown_set_said(visit->records, shown->document_id, (int)label + 1, error);
}

/* What is so by now. */
static bool read_again(struct item_page *page, struct error *error)
{
    struct visit *visit = page->visit;
    held_free(page->held);
    free(page->shown);
    *page = (struct item_page){.visit = visit};
    if (!find_item(page, error))
        return false;
    return page->shown || error_set(error, ERROR_SYSTEM, "the item went while its reader spoke");
}

static bool say_item(struct item_page *page, enum label label, struct error *error)
{
    struct visit *visit = page->visit;
    bool refused, counted = false, spam = label == LABEL_SPAM, good = true;
    while (good && !counted) {
        visit->said = spam ? WORD_DONE_SPAM : WORD_DONE_NOT_SPAM;
        if (page->shown->said == (int)label + 1) {
            visit->said = WORD_SAID_BEFORE;
            return true;
        }
        if (!refuse_reviewed(page, spam, &refused, error) || refused)
            return refused;
        if (page->shown->sayings >= SAYINGS_MAX)
            return refuse_too_often(page, error);
        good = count_and_say(page, label, &counted, error) && (counted || read_again(page, error));
    }
    return good;
}

static bool decide(struct item_page *page, enum review_deed deed, unsigned action,
                   struct error *error)
{
    struct visit *visit = page->visit;
    struct review_outcome outcome = {0};
    const char *reader = visit->link.recipient;
    int64_t id = page->held->id;
    visit->said = deed == REVIEW_RELEASE ? WORD_DONE_ITEM_RELEASE : WORD_DONE_CONFIRM;
    if (!records_link_used(visit->records, id, reader, action, &visit->before_s, error))
        return false;
    if (visit->before_s) {
        char text[RECORDS_TEXT_ID_SIZE];
        bool reviewed;
        visit->said = WORD_DONE_BEFORE;
        if (deed == REVIEW_RELEASE && is_in_state(page->held, 1u << HELD_HELD) &&
            !refuse_reviewed(page, false, &reviewed, error))
            return false;
        console_audit(visit->session, visit->who, "refused-link-again",
                      records_text_id(FRONT_FEED, id, text));
        return true;
    }
    bool good =
        deed == REVIEW_RELEASE
            ? review_release_open(visit->session, FRONT_FEED, &page->held, visit->who, &outcome,
                                  error)
            : review_do(visit->session, FRONT_FEED, &page->held, deed, visit->who, &outcome, error);
    if (!good)
        return false;
    if (outcome.impossible) {
        visit->said = WORD_GONE;
        return true;
    }
    log_deed(visit, review_name(deed));
    return records_link_use(visit->records, id, reader, action, error);
}

/* What was let go may be a duplicate of what another feed has shown since. */
static void say_where(const struct item_page *page)
{
    struct visit *visit = page->visit;
    if (visit->said != WORD_DONE_ITEM_RELEASE)
        return;
    visit->twin = console_door_twin(visit->session->config, visit->records, visit->link.recipient,
                                    page->held->reference, visit->arena);
    if (visit->twin)
        visit->said = WORD_DONE_IN_TWIN;
}

/* As a user of the feed's name. */
static bool act(struct item_page *page, const struct deed *deed, struct error *error)
{
    struct session *session = page->visit->session;
    char source[LESSON_SOURCE_MAX + 1];
    snprintf(source, sizeof source, "user:feed/%.54s", page->visit->link.recipient);
    session->lesson_source = source;
    bool good = deed->act(page, error);
    session->lesson_source = NULL;
    if (good)
        say_where(page);
    return good;
}

/* --- the page --- */

static void put_item(const struct item_page *page)
{
    const struct visit *visit = page->visit;
    const struct held *held = page->held;
    const char *title = page->shown ? page->shown->subject : held->subject;
    char when[32];
    span_buffer_text(door_out(visit), "<p><strong>");
    if (*title)
        person_html(door_out(visit), visit->arena, person_start(visit->arena, span_of(title)));
    else
        door_put_word(visit, WORD_ITEM_NO_TITLE);
    span_buffer_text(door_out(visit), "</strong></p><dl>");
    door_put_row(visit, WORD_ITEM_FEED, span_of(visit->link.recipient));
    if (is_in_state(held, 1u << HELD_HELD)) {
        door_put_row(visit, WORD_HELD_SINCE, span_of(person_time(held->time_s, when)));
        door_put_row(visit, WORD_WHY,
                     person_why(visit->arena, visit->language, span_of(held->evidence), REASONS));
    }
    span_buffer_text(door_out(visit), "</dl>\n");
}

/* Of those that were asked for, or of all that the link lets, after a deed none. */
static void put_buttons(const struct item_page *page, const struct deed *asked)
{
    const struct visit *visit = page->visit;
    if (visit->request->post || (!page->shown && !is_in_state(page->held, 1u << HELD_HELD)))
        return;
    if (asked) {
        span_buffer_text(door_out(visit), "<p>");
        door_put_word(visit, asked->ask);
        span_buffer_text(door_out(visit), "</p>\n");
        door_put_button(visit, asked->name, asked->button, NULL, NULL);
    }
    for (size_t i = 0; i < DEEDS; i++)
        if (&deeds[i] != asked && (visit->link.actions & deeds[i].action))
            door_put_button(visit, deeds[i].name, deeds[i].button, NULL, NULL);
}

static void show_item(struct item_page *page, const struct deed *asked)
{
    struct visit *visit = page->visit;
    visit->answer->status = MHD_HTTP_OK;
    door_begin(visit);
    door_put_said(visit);
    put_item(page);
    if (!page->shown && !is_in_state(page->held, 1u << HELD_HELD) && visit->said == WORD_COUNT) {
        span_buffer_text(door_out(visit), "<p>");
        door_put_word(visit, WORD_GONE);
        span_buffer_text(door_out(visit), "</p>\n");
    }
    put_buttons(page, asked);
    door_end(visit);
}

/* The feed is subscribed to no more, or its items end without links. */
static void refuse_of_no_feed(struct visit *visit)
{
    if (visit->request->post)
        console_audit(visit->session, visit->who, "refused-link-no-footer", "");
    door_say_only(visit, MHD_HTTP_GONE, WORD_NO_FOOTER);
}

void console_door_item(struct visit *visit)
{
    struct error error = {0};
    struct item_page page = {.visit = visit};
    const struct deed *asked = find_deed(visit);
    bool has_links;
    if (!records_shown_has_links(visit->records, visit->link.recipient, &has_links, &error))
        door_fail(visit, &error);
    else if (!has_links)
        refuse_of_no_feed(visit);
    else if (!find_item(&page, &error))
        door_fail(visit, &error);
    else if (!page.shown && !page.held)
        door_say_only(visit, MHD_HTTP_GONE, WORD_GONE);
    else if (visit->request->post && !asked)
        door_say_only(visit, MHD_HTTP_BAD_REQUEST, WORD_GONE);
    else if (visit->request->post && !act(&page, asked, &error))
        door_fail(visit, &error);
    else
        show_item(&page, asked);
    held_free(page.held);
    free(page.shown);
}
