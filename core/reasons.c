#include "core/reasons.h"

#include <jansson.h>
#include <math.h>

#include "core/checks.h"
#include "core/evidence.h"
#include "core/judge.h"
#include "core/printable.h"
#include "core/reputation.h"
#include "core/verdict.h"

/* Reasons are rounded before they are added up, so that the sums are those of what is shown. */
static double round_off(double log_odds)
{
    return round(log_odds * 100) / 100 + 0.0; /* no -0 */
}

/* Puts it in its place in the group: the strongest first. */
static void add(struct arena *arena, struct reason_group *group, struct span words,
                struct span symbol, double log_odds)
{
    struct reason reason = {words, symbol, round_off(log_odds), false};
    group->reasons = arena_grow(arena, group->reasons, group->count, sizeof *group->reasons);
    size_t at = group->count++;
    for (; at > 0 && fabs(group->reasons[at - 1].log_odds) < fabs(reason.log_odds); at--)
        group->reasons[at] = group->reasons[at - 1];
    group->reasons[at] = reason;
    group->log_odds = round_off(group->log_odds + reason.log_odds);
}

/* The tokens, and what the others add up to; of a verdict whose tokens were not named all in one;
 * earlier versions named them in the detail. */
static bool add_content(struct arena *arena, struct reason_group *group, const json_t *term,
                        struct span detail, double log_odds)
{
    struct span words = detail.length ? detail : SPAN("all of it together");
    json_t *token;
    size_t i;
    json_array_foreach(json_object_get(term, "tokens"), i, token)
    {
        const char *text;
        double part;
        if (json_unpack(token, "{s:s, s:F}", "text", &text, "log_odds", &part))
            return false;
        add(arena, group, printable_start(arena, span_of(text), EVIDENCE_DETAIL_MOST), SPAN(""),
            part);
        words = SPAN(REASONS_OTHERS);
    }
    struct reason rest = {words, span_of(CONTENT_SYMBOL),
                          round_off(round_off(log_odds) - group->log_odds), false};
    group->reasons = arena_grow(arena, group->reasons, group->count, sizeof *group->reasons);
    group->reasons[group->count++] = rest;
    group->log_odds = round_off(log_odds);
    return true;
}

/* Stands behind the content's tokens, whenever it comes. */
static void add_note(struct arena *arena, struct reason_group *group, struct span words,
                     struct span symbol)
{
    group->reasons = arena_grow(arena, group->reasons, group->count, sizeof *group->reasons);
    group->reasons[group->count++] = (struct reason){words, symbol, 0, true};
}

/* What is said of a rule, whose name is the term's detail; NULL: the term is about none. */
static const char *words_of_rule(const char *symbol, double log_odds)
{
    static const struct {
        const char *symbol, *words;
    } rows[] = {
        {RULE_ALSO_SYMBOL, "matches too; another goes before it"},
        {RULE_DRY_SYMBOL, "matches, and is on trial"},
        {RULE_UNFINISHED_SYMBOL, "did not finish, and is taken as no match"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!strcmp(symbol, rows[i].symbol))
            return rows[i].words;
    if (strcmp(symbol, RULE_SYMBOL) != 0)
        return NULL;
    return log_odds == 0 ? "decides" : "matches";
}

static void add_rule(struct arena *arena, struct reason_group groups[REASON_KINDS],
                     const char *words, struct span name, struct span symbol, double log_odds)
{
    struct span text = arena_printf(arena, "the rule \"%.*s\" %s", SPAN_ARGS(name), words);
    if (log_odds == 0)
        add_note(arena, &groups[REASON_NOTE], text, symbol);
    else
        add(arena, &groups[REASON_CHECK], text, symbol, log_odds);
}

static bool add_term(struct arena *arena, struct reasons *reasons,
                     struct reason_group groups[REASON_KINDS], const json_t *term)
{
    const char *name, *text = "";
    double log_odds;
    if (json_unpack((json_t *)(uintptr_t)term, "{s:s, s:F, s?s}", "symbol", &name, "log_odds",
                    &log_odds, "detail", &text))
        return false;
    /* Earlier versions kept all of it. */
    struct span detail = printable_start(arena, span_of(text), EVIDENCE_DETAIL_MOST);
    struct span symbol = printable_text(arena, span_of(name));
    if (strcmp(name, CONTENT_SYMBOL) == 0)
        return add_content(arena, &groups[REASON_CONTENT], term, detail, log_odds);
    if (strcmp(name, CONTENT_COLD_SYMBOL) == 0) {
        add_note(arena, &groups[REASON_CONTENT], detail, symbol);
        return true;
    }
    const char *rule = words_of_rule(name, log_odds);
    if (rule) {
        if (log_odds == 0 && strcmp(name, RULE_SYMBOL) == 0)
            reasons->rule = detail;
        add_rule(arena, groups, rule, detail, symbol, log_odds);
        return true;
    }
    size_t rows;
    int row = checks_find(name);
    const char *check = row < 0 ? NULL : checks_all(&rows)[row].words;
    const char *who = reputation_words(symbol);
    if (who)
        add(arena, &groups[REASON_REPUTATION],
            arena_printf(arena, "%s %.*s", who, SPAN_ARGS(detail)), symbol, log_odds);
    else if (check)
        add(arena, &groups[REASON_CHECK],
            arena_printf(arena, "%s%s%.*s", check, detail.length ? ": " : "", SPAN_ARGS(detail)),
            symbol, log_odds);
    else
        add(arena, &groups[log_odds == 0 ? REASON_NOTE : REASON_CHECK], detail, symbol, log_odds);
    return true;
}

static void sort_groups(struct reasons *reasons, const struct reason_group groups[REASON_KINDS])
{
    reasons->count = 0;
    for (int kind = 0; kind < REASON_KINDS; kind++) {
        if (!groups[kind].count)
            continue;
        size_t at = reasons->count++;
        for (; at > 0 && fabs(reasons->groups[at - 1].log_odds) < fabs(groups[kind].log_odds); at--)
            reasons->groups[at] = reasons->groups[at - 1];
        reasons->groups[at] = groups[kind];
    }
}

/* The sum of what is shown; the verdict's own where terms were left out when it was written down.
 */
static void add_up(struct reasons *reasons)
{
    double sum = 0;
    size_t rounded = 1;
    for (size_t i = 0; i < reasons->count; i++) {
        sum += reasons->groups[i].log_odds;
        rounded += reasons->groups[i].count;
    }
    if (fabs(sum - reasons->log_odds) < 0.006 * (double)rounded)
        reasons->log_odds = round_off(sum);
}

bool reasons_read(struct arena *arena, struct span json, struct reasons *reasons)
{
    struct reason_group groups[REASON_KINDS] = {[REASON_CONTENT] = {.name = "content"},
                                                [REASON_CHECK] = {.name = "checks"},
                                                [REASON_REPUTATION] = {.name = "reputation"},
                                                [REASON_NOTE] = {.name = "notes"}};
    const char *action;
    json_t *terms, *term;
    size_t i;
    reasons->content_known = false;
    reasons->rule = SPAN("");
    json_t *root = json_loadb(json.data ? json.data : "", json.length, 0, NULL);
    bool read =
        json_unpack(root, "{s:s, s:F, s:F, s:o}", "action", &action, "p", &reasons->probability,
                    "log_odds", &reasons->log_odds, "terms", &terms) == 0;
    if (read) {
        reasons->action = printable_text(arena, span_of(action));
        json_array_foreach(terms, i, term) read = read && add_term(arena, reasons, groups, term);
        for (size_t j = 0; j < groups[REASON_CONTENT].count; j++)
            reasons->content_known |= !groups[REASON_CONTENT].reasons[j].note;
        sort_groups(reasons, groups);
        add_up(reasons);
    }
    json_decref(root);
    return read;
}
