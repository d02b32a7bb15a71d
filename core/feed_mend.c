#include "core/feed_mend.h"

#include <libxml/HTMLparser.h>
#include <string.h>

#include "core/xml_text.h"

struct mending {
    const char *at, *end;
    struct span_buffer *out;
    feed_entity_find *find;
    void *context;
};

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == ':' || c == '-' || c == '.' || (unsigned char)c >= 0x80;
}

static bool is_name_start(char c)
{
    return is_name(c) && !(c >= '0' && c <= '9') && c != '-' && c != '.';
}

static void pass(struct mending *mending, const char *to)
{
    span_buffer_add(mending->out, (struct span){mending->at, (size_t)(to - mending->at)});
    mending->at = to;
}

/* "&#65;", "&#x41;", "&#X41;": the '&' and what makes it a reference are passed, or escaped. */
static void mend_number(struct mending *mending)
{
    const char *at = mending->at + 2, *digits;
    bool upper = at < mending->end && *at == 'X', hex = upper || (at < mending->end && *at == 'x');
    at += hex;
    digits = at;
    while (at < mending->end && strchr(hex ? "0123456789abcdefABCDEF" : "0123456789", *at) && *at)
        at++;
    if (at == digits || at == mending->end || *at != ';') {
        span_buffer_text(mending->out, "&amp;");
        mending->at++;
    } else if (upper) {
        span_buffer_text(mending->out, "&#x");
        mending->at = digits;
    }
    pass(mending, at);
}

/* Quotes would end an attribute. */
static void put_plain(struct mending *mending, struct span text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] == '"' || text.data[i] == '\'')
            span_buffer_printf(mending->out, "&#%d;", text.data[i]);
        else
            span_buffer_add(mending->out, (struct span){text.data + i, 1});
}

/* What stands from `mending->at` on is "&" and a name up to `stop`, which is a ';'. */
static void mend_entity(struct mending *mending, const char *stop)
{
    struct span name = {mending->at + 1, (size_t)(stop - mending->at - 1)}, text = {NULL, 0};
    char terminated[32] = "";
    if (name.length < sizeof terminated)
        memcpy(terminated, name.data, name.length);
    bool declared = mending->find(mending->context, name, &text);
    const htmlEntityDesc *known = htmlEntityLookup((const xmlChar *)terminated);
    if (xmlGetPredefinedEntity((const xmlChar *)terminated) || (declared && !text.data)) {
        pass(mending, stop);
        return;
    }
    if (declared)
        put_plain(mending, text);
    else if (known)
        span_buffer_printf(mending->out, "&#%u;", known->value);
    else
        span_buffer_text(mending->out, "&amp;");
    mending->at = declared || known ? stop + 1 : mending->at + 1;
}

static void mend_reference(struct mending *mending)
{
    const char *stop = mending->at + 1;
    if (stop < mending->end && *stop == '#') {
        mend_number(mending);
        return;
    }
    while (stop < mending->end && is_name(*stop))
        stop++;
    if (stop < mending->end && *stop == ';' && is_name_start(mending->at[1])) {
        mend_entity(mending, stop);
        return;
    }
    span_buffer_text(mending->out, "&amp;");
    mending->at++;
    pass(mending, stop);
}

void feed_mend_references(struct span utf8, feed_entity_find *find, void *context,
                          struct span_buffer *mended)
{
    struct mending mending = {.at = utf8.data,
                              .end = utf8.data + utf8.length,
                              .out = mended,
                              .find = find,
                              .context = context};
    while (mending.at < mending.end) {
        const char *at = mending.at;
        while (at < mending.end && *at != '<' && *at != '&')
            at++;
        pass(&mending, at);
        if (at == mending.end)
            return;
        size_t opaque = xml_opaque_length((struct span){at, (size_t)(mending.end - at)});
        if (*at == '&')
            mend_reference(&mending);
        else
            pass(&mending, at + (opaque ? opaque : 1));
    }
}
