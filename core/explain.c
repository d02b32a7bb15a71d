#include "core/explain.h"

#include <jansson.h>

#include "core/printable.h"

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

static struct span term_text(struct arena *arena, const char *symbol, double log_odds,
                             const char *detail)
{
    if (!*detail)
        return arena_printf(arena, "  %+5.1f  %s\n", log_odds, symbol);
    struct span shown = printable_text(arena, span_of(detail));
    return arena_printf(arena, "  %+5.1f  %-24s  %.*s\n", log_odds, symbol, SPAN_ARGS(shown));
}

struct span explain_verdict_text(struct arena *arena, struct span json)
{
    struct span text = {NULL, 0};
    const char *action;
    double probability, log_odds;
    json_t *terms, *term;
    size_t i;
    json_t *root = json_loadb(json.data ? json.data : "", json.length, 0, NULL);
    if (json_unpack(root, "{s:s, s:F, s:F, s:o}", "action", &action, "p", &probability, "log_odds",
                    &log_odds, "terms", &terms))
        goto done;
    struct span lines =
        arena_printf(arena, "%s  p=%.3f  log-odds %+.1f\n", action, probability, log_odds);
    json_array_foreach(terms, i, term)
    {
        const char *symbol, *detail = "";
        if (json_unpack(term, "{s:s, s:F, s?s}", "symbol", &symbol, "log_odds", &log_odds, "detail",
                        &detail))
            goto done;
        lines = join(arena, lines, term_text(arena, symbol, log_odds, detail));
    }
    text = lines;
done:
    json_decref(root);
    return text;
}

struct span explain_short(struct arena *arena, const struct verdict *verdict, size_t most)
{
    struct span text = {"", 0};
    size_t shown = 0;
    for (size_t i = 0; i < verdict->evidence_count && shown < most; i++) {
        const struct evidence *evidence = &verdict->evidence[i];
        if (evidence->log_odds > -0.05 && evidence->log_odds < 0.05)
            continue;
        text = join(arena, text,
                    arena_printf(arena, "%s%s(%.1f)", shown ? " " : "", evidence->symbol,
                                 evidence->log_odds));
        shown++;
    }
    return text;
}
