#include "admin/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/held_list.h"
#include "admin/held_reapply.h"
#include "admin/held_remote.h"
#include "admin/records_text.h"
#include "admin/review.h"
#include "core/text.h"
#include "core/url.h"
#include "store/memory.h"

/* Says what came of it; the exit code. */
static int tell(const struct session *session, const struct found *found, enum review_deed deed,
                const struct review_outcome *outcome)
{
    char what[64];
    const char *state = held_state_name(outcome->state);
    if (outcome->impossible) {
        fprintf(stderr, "weirctl: %s: cannot %s it, it is %s\n", found->id, review_name(deed),
                state);
        return EX_DATAERR;
    }
    if (outcome->changed)
        snprintf(what, sizeof what, "%s", outcome->said);
    else
        snprintf(what, sizeof what, "%s already%s", state,
                 outcome->taught ? "; its lesson is taught now" : "");
    if (session->json)
        records_text_outcome_json(found->id, state, outcome->changed);
    else
        printf("%s: %s\n", found->id, what);
    return review_complain(session, found->id, outcome);
}

static int do_deed(struct session *session, enum review_deed deed, int count, char **ids)
{
    int worst = EX_OK;
    if (!count)
        return session_usage("held %s: which ids?", review_name(deed));
    if (session->gateway)
        return held_remote_do(session, review_name(deed), count, ids);
    for (int i = 0; i < count; i++) {
        struct error error = {0};
        struct review_outcome outcome;
        struct found found;
        int status = records_text_find(session, ids[i], &found);
        if (status == EX_OK)
            status =
                review_do(session, found.front, &found.held, deed, session_user(), &outcome, &error)
                    ? tell(session, &found, deed, &outcome)
                    : session_complain(&error);
        records_text_clear(&found);
        worst = status > worst ? status : worst;
    }
    return worst;
}

/* --- all that filters let pass --- */

struct bulk {
    struct session *session;
    enum review_deed deed;
    bool preview;
    char **ids;
    size_t count, room;
};

static bool gather(void *context, const struct held_row *row)
{
    struct bulk *bulk = context;
    if (!review_can(bulk->deed, row->held->state))
        return true;
    if (bulk->count == bulk->room) {
        bulk->room = 2 * bulk->room + 64;
        bulk->ids = memory_resize(bulk->ids, bulk->room * sizeof *bulk->ids);
    }
    char id[RECORDS_TEXT_ID_SIZE];
    bulk->ids[bulk->count++] = memory_text(records_text_id(row->front, row->held->id, id));
    if (bulk->preview)
        held_list_print_row(bulk->session, row);
    return !ferror(stdout);
}

static void tell_preview(const struct bulk *bulk)
{
    const char *name = review_name(bulk->deed);
    if (bulk->session->json)
        printf("{\"would\":\"%s\",\"count\":%zu}\n", name, bulk->count);
    else if (bulk->count)
        printf("nothing was done; %s %zu with --apply\n", name, bulk->count);
    else
        printf("there is nothing to %s\n", name);
}

/* Without --apply a preview. What changes in between, or is done by somebody else, is told as it is
 * for ids that were named. */
static int do_all(struct session *session, enum review_deed deed, const struct held_asked *asked,
                  bool apply)
{
    struct bulk bulk = {.session = session, .deed = deed, .preview = !apply};
    int status = held_list_walk(session, asked, gather, &bulk);
    if (status == EX_OK && (!apply || !bulk.count))
        tell_preview(&bulk);
    else if (status == EX_OK)
        status = do_deed(session, deed, (int)bulk.count, bulk.ids);
    for (size_t i = 0; i < bulk.count; i++)
        free(bulk.ids[i]);
    free(bulk.ids);
    return status;
}

/* --- show --- */

static int show(struct session *session, int count, char **ids)
{
    int worst = EX_OK;
    if (!count)
        return session_usage("held show: which ids?");
    if (session->gateway)
        return held_remote_show(session, count, ids);
    text_init();
    url_init();
    for (int i = 0; i < count; i++) {
        struct found found;
        int status = records_text_find(session, ids[i], &found);
        if (status == EX_OK && session->json)
            records_text_held_json(found.front, found.held, true);
        else if (status == EX_OK)
            records_text_held(found.front, found.held, true);
        records_text_clear(&found);
        worst = status > worst ? status : worst;
    }
    return worst;
}

/* --- the command --- */

struct asked_for {
    struct held_asked asked;
    const char *limit;
    bool all, count, apply;
    bool filtered; /* a word was given */
};

static int read_options(struct session *session, struct asked_for *wish, int *count,
                        char **arguments)
{
    struct option_row rows[HELD_WORDS + 6] = {{"after", &wish->asked.after, NULL},
                                              {"limit", &wish->limit, NULL},
                                              {"all", NULL, &wish->all},
                                              {"count", NULL, &wish->count},
                                              {"apply", NULL, &wish->apply}};
    struct held_words *words = &wish->asked.words;
    for (size_t i = 0; i < HELD_WORDS; i++)
        rows[5 + i] = (struct option_row){held_word_names[i].option,
                                          held_word_of(words, &held_word_names[i]), NULL};
    int status = session_options(session, rows, count, arguments);
    for (size_t i = 0; i < HELD_WORDS; i++)
        wish->filtered = wish->filtered || *held_word_of(words, &held_word_names[i]);
    return status;
}

/* What the options mean; false, and said so, when they cannot be. */
static bool read_asked(struct asked_for *wish)
{
    struct error error = {0};
    enum front front;
    int64_t number;
    double limit = 0;
    if (wish->all && wish->asked.words.state)
        return session_usage("held: --all or --state, not both"), false;
    if (wish->all)
        wish->asked.words.state = "all";
    if (wish->limit && !session_number("--limit", wish->limit, 1, 1e9, &limit))
        return false;
    wish->asked.limit = (size_t)limit;
    if (wish->asked.after && !records_text_is_held_id(wish->asked.after, &front, &number))
        return session_usage("held: --after: \"%s\" is no id, as m12 or f7 is one",
                             wish->asked.after),
               false;
    if (held_wish_read(&wish->asked.words, time(NULL), &wish->asked.wish, &error))
        return true;
    session_usage("held: %s", error.message);
    return false;
}

static int run_list(struct session *session, const struct asked_for *wish)
{
    if (wish->apply)
        return session_usage("held list changes nothing: --apply is for release, confirm, delete");
    return wish->count ? held_list_count(session, &wish->asked)
                       : held_list_print(session, &wish->asked);
}

static int run_deed(struct session *session, enum review_deed deed, const struct asked_for *wish,
                    int count, char **ids)
{
    const char *name = review_name(deed);
    bool filtered = wish->filtered || wish->all;
    if (wish->count)
        return session_usage("held %s: --count is for list", name);
    if (filtered && count)
        return session_usage("held %s: ids or filters, not both", name);
    if (!filtered && (wish->apply || wish->limit || wish->asked.after))
        return session_usage("held %s: --apply, --limit and --after go with filters", name);
    return filtered ? do_all(session, deed, &wish->asked, wish->apply)
                    : do_deed(session, deed, count, ids);
}

static int run(struct session *session, int count, char **arguments)
{
    struct asked_for wish = {0};
    enum review_deed deed;
    int status = read_options(session, &wish, &count, arguments);
    if (status != EX_OK)
        return status;
    const char *verb = count ? arguments[0] : "";
    if (!read_asked(&wish))
        return EX_USAGE;
    if (!strcmp(verb, "reapply"))
        return count > 1 || wish.filtered || wish.all || wish.count || wish.limit
                   ? session_usage("held reapply takes --apply and nothing else")
                   : held_reapply(session, wish.apply);
    if (!strcmp(verb, "list"))
        return count > 1 ? session_usage("held list takes no ids; see held show")
                         : run_list(session, &wish);
    if (!strcmp(verb, "show"))
        return show(session, count - 1, arguments + 1);
    if (review_find(verb, &deed))
        return run_deed(session, deed, &wish, count - 1, arguments + 1);
    return session_usage("held: list, show, release, confirm or delete?");
}

const struct command command_held = {
    "held",
    run,
    "held list [FILTER…] [--limit N] [--after ID] [--count]\n"
    "held show ID…\n"
    "held release|confirm|delete ID…\n"
    "held release|confirm|delete FILTER… [--limit N] [--after ID] [--apply]\n"
    "held reapply [--apply]",
    "review what is held",
    "IDs are m12 (mail) and f7 (feed items), as list prints them; a queue id does as well.\n\n"
    "list     what waits for review, newest first\n"
    "show     everything that is known of it, and why it was held\n"
    "release  deliver it, and teach it as ham; weir-release does that for mail, within a second\n"
    "confirm  it is spam: teach it; it stays where it is until it is deleted\n"
    "delete   do away with it, once held.undo has passed\n"
    "reapply  judge what is held by the rules and reputations of now: what would not be held any\n"
    "         more is listed, and with --apply released; nothing is taught\n\n"
    "FILTERs; all that are given have to agree:\n"
    "--channel mail|feed\n"
    "--sender TEXT         the envelope sender, or the feed's name, has TEXT in it\n"
    "--recipient TEXT      one of the recipients has\n"
    "--feed NAME           items of this feed\n"
    "--symbol SYMBOL       it was a reason: LINK_FARM, REPUTATION_LINK_DOMAIN\n"
    "--min-score N, --max-score N\n"
    "                      in log-odds\n"
    "--since WHEN, --until WHEN\n"
    "                      held since or before then: 90m, 24h, 7d or 2w ago, or a day\n"
    "--text TEXT           sender, recipients, subject or queue id (guid) have TEXT in them; less\n"
    "                      than 3 characters are looked for in the newest 10000 entries only\n"
    "--state STATE         pending, held, release-requested, released, confirmed,\n"
    "                      delete-requested, deleted, gone, superseded; --all: any; otherwise\n"
    "                      the first three\n"
    "--limit N             so many at most\n"
    "--after ID            those behind that one in the list: the next page\n"
    "--count               only how many there are\n"
    "--apply               do it; without it a command with filters only tells what it would do\n\n"
    "With --gateway URL all of this is done on another machine, over its weir-console; see "
    "weirctl(1)."
    "\n\n"
    "Asked again, a command says so and changes nothing. While the counts store is away the "
    "lesson\n"
    "waits in the journal. When that is full the rest is done all the same, and the exit code is\n"
    "75: ask again later, and the lesson is taught.\n",
};
