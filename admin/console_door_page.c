#include "admin/console_door_page.h"

#include <string.h>

#include "core/log.h"

const char console_door_style[] =
    "body{font:16px/1.5 sans-serif;max-width:40rem;margin:0 auto;padding:1rem;color:#222;"
    "background:#fff;overflow-wrap:anywhere}h1{font-size:1.3rem}h2{font-size:1.1rem;margin-top:"
    "2rem}dt{color:#555;"
    "font-size:.9rem}dd{margin:0 0 .5rem}button{font:inherit;padding:.4rem "
    ".9rem;margin:.2rem .4rem .2rem 0}form{display:inline}.said{border-left:4px solid "
    "#0b57a4;padding-left:.8rem}article{border-top:1px solid #ccc;padding:.8rem 0}input{font:"
    "inherit;padding:.3rem;max-width:100%}@media(prefers-color-scheme:dark){body{color:#ddd;"
    "background:#1b1b1b}dt{color:#aaa}}";

struct span_buffer *door_out(const struct visit *visit)
{
    return &visit->answer->html;
}

void door_put_word(const struct visit *visit, enum person_word word)
{
    span_buffer_text(door_out(visit), person_word(visit->language, word));
}

void door_begin(const struct visit *visit)
{
    span_buffer_printf(door_out(visit),
                       "<!DOCTYPE html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\"><meta "
                       "name=\"viewport\" content=\"width=device-width\"><meta name=\"robots\" "
                       "content=\"noindex\"><title>%s</title><style>%s</style></head><body>\n"
                       "<h1>%s</h1>\n",
                       person_word(visit->language, WORD_LANGUAGE),
                       person_word(visit->language, visit->title), console_door_style,
                       person_word(visit->language, visit->title));
}

void door_end(const struct visit *visit)
{
    span_buffer_text(door_out(visit), "</body></html>\n");
}

void door_put_said(const struct visit *visit)
{
    char when[32];
    if (visit->said == WORD_COUNT)
        return;
    span_buffer_text(door_out(visit), "<p class=\"said\" role=\"status\">");
    person_words_with(door_out(visit), visit->language, visit->said,
                      visit->twin ? visit->twin : person_time(visit->before_s, when));
    span_buffer_text(door_out(visit), "</p>\n");
}

void door_say_only(struct visit *visit, unsigned status, enum person_word word)
{
    visit->answer->status = status;
    visit->said = word;
    door_begin(visit);
    door_put_said(visit);
    door_end(visit);
}

void door_fail(struct visit *visit, const struct error *error)
{
    log_event(LOG_LEVEL_ERROR, "door-failed", "reason", error->message, NULL);
    span_buffer_free(door_out(visit));
    door_say_only(visit, MHD_HTTP_SERVICE_UNAVAILABLE, WORD_FAILED);
}

void door_put_row(const struct visit *visit, enum person_word name, struct span value)
{
    span_buffer_text(door_out(visit), "<dt>");
    door_put_word(visit, name);
    span_buffer_text(door_out(visit), "</dt><dd>");
    person_html(door_out(visit), visit->arena, value);
    span_buffer_text(door_out(visit), "</dd>\n");
}

void door_put_button(const struct visit *visit, const char *action, enum person_word word,
                     const char *name, const char *value)
{
    span_buffer_printf(door_out(visit),
                       "<form method=\"post\"><input type=\"hidden\" name=\"do\" value=\"%s\">",
                       action);
    if (name) {
        span_buffer_printf(door_out(visit), "<input type=\"hidden\" name=\"%s\" value=\"", name);
        person_html(door_out(visit), visit->arena, span_of(value));
        span_buffer_text(door_out(visit), "\">");
    }
    span_buffer_printf(door_out(visit), "<button>%s</button></form>\n",
                       person_word(visit->language, word));
}
