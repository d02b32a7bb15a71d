#include "milter/answer.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "core/explain.h"

#define LINE_COLUMNS 76
#define TERMS_SHOWN 8
#define LEVEL_MAX 50
#define REFERENCE_DIGITS 16

static bool is_role(struct span recipient)
{
    const char *at = recipient.length ? memchr(recipient.data, '@', recipient.length) : NULL;
    struct span local = {recipient.data, at ? (size_t)(at - recipient.data) : recipient.length};
    return span_equal_nocase(local, SPAN("postmaster")) || span_equal_nocase(local, SPAN("abuse"));
}

enum action answer_action(enum action action, const struct envelope *envelope)
{
    if (envelope->internal && action > ACTION_TAG)
        return ACTION_TAG;
    for (size_t i = 0; action == ACTION_REJECT && i < envelope->recipient_count; i++) {
        if (is_role(envelope->recipients[i]))
            return ACTION_HOLD;
    }
    return action;
}

/* `text` in lines of at most LINE_COLUMNS where it has blanks; the first line already holds the
 * header's `name`. */
static const char *fold(struct arena *arena, const char *name, struct span text)
{
    char *folded = arena_text(arena, 2 * text.length + 2), *end = folded;
    size_t column = strlen(name) + 1;
    for (size_t i = 0; i < text.length;) {
        struct span rest = {text.data + i, text.length - i};
        const char *blank = memchr(rest.data, ' ', rest.length);
        size_t word = blank ? (size_t)(blank - rest.data) : rest.length;
        if (i && column + 1 + word > LINE_COLUMNS) {
            *end++ = '\n';
            *end++ = '\t';
            column = 8;
        } else {
            *end++ = ' ';
            column++;
        }
        memcpy(end, rest.data, word);
        end += word;
        column += word;
        i += word + 1;
    }
    *end = '\0';
    return folded;
}

static void put(struct answer *answer, const char *name, const char *value)
{
    answer->headers[answer->header_count++] = (struct answer_header){name, value};
}

static void put_spam_headers(struct answer *answer, struct arena *arena, bool flag,
                             const struct verdict *verdict)
{
    char stars[LEVEL_MAX + 1];
    size_t level = verdict->log_odds < 1.0         ? 0
                   : verdict->log_odds < LEVEL_MAX ? (size_t)verdict->log_odds
                                                   : LEVEL_MAX;
    memset(stars, '*', level);
    stars[level] = '\0';
    double score = fabs(verdict->log_odds) < 0.05 ? 0 : verdict->log_odds; /* never "-0.0" */
    struct span terms = explain_short(arena, verdict, TERMS_SHOWN);
    struct span status =
        arena_printf(arena, "%s, score=%.1f probability=%.3f%s%.*s", flag ? "Yes" : "No", score,
                     verdict->probability, terms.length ? " terms=" : "", SPAN_ARGS(terms));
    put(answer, "X-Spam-Status", fold(arena, "X-Spam-Status", status));
    put(answer, "X-Spam-Score", arena_printf(arena, " %.1f", score).data);
    put(answer, "X-Spam-Level", arena_printf(arena, " %s", stars).data);
    if (flag)
        put(answer, "X-Spam-Flag", " YES");
}

void answer_make(struct answer *answer, struct arena *arena, enum action action, enum mode mode,
                 const struct document *document, const struct verdict *verdict,
                 const struct weir_id_keys *keys)
{
    char id[WEIR_ID_TEXT];
    bool enforce = mode == MODE_ENFORCE;
    memset(answer, 0, sizeof *answer);
    answer->action = enforce ? action : ACTION_ACCEPT;
    if (answer->action == ACTION_REJECT) {
        char hex[DOCUMENT_ID_HEX];
        document_id_hex(document->id, hex);
        answer->refusal = arena_printf(arena, "This message was refused as spam; reference %.*s",
                                       REFERENCE_DIGITS, hex)
                              .data;
        return;
    }
    weir_id_sign(keys, document->id, id);
    put(answer, WEIR_ID_HEADER, arena_printf(arena, " %s", id).data);
    if (answer->action == ACTION_HOLD) {
        put(answer, "X-Weir-Verdict", " held");
        return;
    }
    put(answer, "X-Weir-Verdict",
        arena_printf(arena, " %s%s", action_name(action), enforce ? "" : " (observed)").data);
    put_spam_headers(answer, arena, answer->action == ACTION_TAG, verdict);
}
