#include "core/explain.h"

#include "core/reasons.h"

static void put_tokens(struct json_writer *writer, const struct evidence *evidence)
{
    json_put_open(writer, "tokens", '[');
    for (size_t i = 0; i < evidence->token_count; i++) {
        json_put_open(writer, NULL, '{');
        json_put_string(writer, "text", evidence->tokens[i].text);
        json_put_number(writer, "log_odds", evidence->tokens[i].log_odds, 3);
        json_put_close(writer, '}');
    }
    json_put_close(writer, ']');
}

void explain_verdict_members(struct json_writer *writer, const struct verdict *verdict)
{
    json_put_string(writer, "action", span_of(action_name(verdict->action)));
    json_put_number(writer, "p", verdict->probability, 6);
    json_put_number(writer, "log_odds", verdict->log_odds, 3);
    json_put_open(writer, "terms", '[');
    for (size_t i = 0; i < verdict->evidence_count; i++) {
        const struct evidence *evidence = &verdict->evidence[i];
        json_put_open(writer, NULL, '{');
        json_put_string(writer, "symbol", span_of(evidence->symbol));
        json_put_number(writer, "log_odds", evidence->log_odds, 3);
        if (evidence->detail.length)
            json_put_string(writer, "detail", evidence->detail);
        if (evidence->token_count)
            put_tokens(writer, evidence);
        json_put_close(writer, '}');
    }
    json_put_close(writer, ']');
}

struct span explain_verdict_json(struct arena *arena, const struct verdict *verdict)
{
    struct json_writer writer = {0};
    json_put_open(&writer, NULL, '{');
    explain_verdict_members(&writer, verdict);
    json_put_close(&writer, '}');
    struct span text = arena_copy(arena, (struct span){writer.data, writer.length});
    json_writer_free(&writer);
    return text;
}

/* Behind the groups of a verdict that content has no part in. */
#define NOTHING_KNOWN                                                                              \
    "        nothing is known of such content yet; \"weirctl learn spam FILE\", or ham, teaches "  \
    "it\n"

static struct span join(struct arena *arena, struct span a, struct span b)
{
    char *text = arena_text(arena, a.length + b.length + 1);
    if (a.length)
        memcpy(text, a.data, a.length);
    if (b.length)
        memcpy(text + a.length, b.data, b.length);
    text[a.length + b.length] = '\0';
    return (struct span){text, a.length + b.length};
}

static struct span reason_text(struct arena *arena, const struct reason *reason)
{
    struct span words = reason->words, symbol = reason->symbol;
    if (reason->note)
        return arena_printf(arena, "           %.*s  [%.*s]\n", SPAN_ARGS(words),
                            SPAN_ARGS(symbol));
    if (!symbol.length)
        return arena_printf(arena, "   %+6.2f  %.*s\n", reason->log_odds, SPAN_ARGS(words));
    return arena_printf(arena, "   %+6.2f  %.*s%s[%.*s]\n", reason->log_odds, SPAN_ARGS(words),
                        words.length ? "  " : "", SPAN_ARGS(symbol));
}

struct span explain_verdict_text(struct arena *arena, struct span json)
{
    struct reasons reasons;
    if (!reasons_read(arena, json, &reasons))
        return (struct span){NULL, 0};
    struct span lines = arena_printf(
        arena, "%.*s  p=%.3f  log-odds %+.2f%s%.*s%s\n", SPAN_ARGS(reasons.action),
        reasons.probability, reasons.log_odds, reasons.rule.length ? "  by the rule \"" : "",
        SPAN_ARGS(reasons.rule), reasons.rule.length ? "\"" : "");
    for (size_t i = 0; i < reasons.count; i++) {
        const struct reason_group *group = &reasons.groups[i];
        lines =
            join(arena, lines, arena_printf(arena, "%+6.2f  %s\n", group->log_odds, group->name));
        for (size_t j = 0; j < group->count; j++)
            lines = join(arena, lines, reason_text(arena, &group->reasons[j]));
    }
    if (!reasons.content_known)
        lines = join(arena, lines, span_of(NOTHING_KNOWN));
    return lines;
}

static void put_group(struct json_writer *writer, const struct reason_group *group)
{
    json_put_open(writer, NULL, '{');
    json_put_string(writer, "name", span_of(group->name));
    json_put_number(writer, "log_odds", group->log_odds, 2);
    json_put_open(writer, "reasons", '[');
    for (size_t i = 0; i < group->count; i++) {
        json_put_open(writer, NULL, '{');
        json_put_string(writer, "words", group->reasons[i].words);
        json_put_number(writer, "log_odds", group->reasons[i].log_odds, 2);
        if (group->reasons[i].symbol.length)
            json_put_string(writer, "symbol", group->reasons[i].symbol);
        json_put_close(writer, '}');
    }
    json_put_close(writer, ']');
    json_put_close(writer, '}');
}

void explain_reasons_member(struct json_writer *writer, struct span json)
{
    struct arena *arena = arena_new();
    struct reasons reasons;
    json_put_open(writer, "reasons", '[');
    if (reasons_read(arena, json, &reasons)) {
        for (size_t i = 0; i < reasons.count; i++)
            put_group(writer, &reasons.groups[i]);
    }
    json_put_close(writer, ']');
    arena_free(arena);
}

struct span explain_short(struct arena *arena, const struct verdict *verdict, size_t most)
{
    struct span text = {"", 0};
    size_t shown = 0;
    for (size_t i = 0; i < verdict->evidence_count && shown < most; i++) {
        const struct evidence *evidence = &verdict->evidence[i];
        if (!evidence->decides && evidence->log_odds > -0.05 && evidence->log_odds < 0.05)
            continue;
        text =
            join(arena, text,
                 evidence->decides ? arena_printf(arena, "%s%s", shown ? " " : "", evidence->symbol)
                                   : arena_printf(arena, "%s%s(%.1f)", shown ? " " : "",
                                                  evidence->symbol, evidence->log_odds));
        shown++;
    }
    return text;
}
