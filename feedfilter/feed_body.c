#include "feedfilter/feed_body.h"

#define CONTENT_URI "http://purl.org/rss/1.0/modules/content/"

enum { RANK_SUMMARY = 1, RANK_CONTENT = 2 };

static const struct {
    const char *type;
    enum feed_body_form form;
} types[] = {
    {"text", FEED_BODY_TEXT},   {"text/plain", FEED_BODY_TEXT},
    {"html", FEED_BODY_HTML},   {"text/html", FEED_BODY_HTML},
    {"xhtml", FEED_BODY_XHTML}, {"application/xhtml+xml", FEED_BODY_XHTML},
};

bool feed_body_of_atom(const struct start_tag *tag, struct feed_body *body)
{
    bool content = span_equal_nocase(tag->name.local, SPAN("content"));
    if (!content && !span_equal_nocase(tag->name.local, SPAN("summary")))
        return false;
    struct span type = span_trim(start_tag_attribute(tag, NULL, "type")),
                mode = start_tag_attribute(tag, NULL, "mode");
    if (start_tag_attribute(tag, NULL, "src").data || span_equal_nocase(mode, SPAN("base64")))
        return false;
    if (!type.length)
        type = SPAN("text");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (span_equal_nocase(type, span_of(types[i].type))) {
            *body = (struct feed_body){.rank = content ? RANK_CONTENT : RANK_SUMMARY,
                                       .form = types[i].form};
            return true;
        }
    return false;
}

bool feed_body_of_rss(const struct start_tag *tag, bool own, struct span uri,
                      struct feed_body *body)
{
    bool content = span_equal_nocase(tag->name.local, SPAN("encoded")) &&
                   (span_equal(uri, SPAN(CONTENT_URI)) ||
                    (!uri.length && span_equal(tag->name.prefix, SPAN("content"))));
    if (!content && !(own && span_equal_nocase(tag->name.local, SPAN("description"))))
        return false;
    *body =
        (struct feed_body){.rank = content ? RANK_CONTENT : RANK_SUMMARY, .form = FEED_BODY_HTML};
    return true;
}
