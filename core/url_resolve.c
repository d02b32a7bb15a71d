#include "core/url.h"

#include "core/url_parts.h"

/* RFC 3986, 3. The path is always there; `data` is NULL for a part that is not. */
struct parts {
    struct span scheme, authority, path, query, fragment;
};

static struct span upto(struct span text, const char *stops)
{
    size_t length = 0;
    while (length < text.length && !(text.data[length] && strchr(stops, text.data[length])))
        length++;
    return (struct span){text.data, length};
}

static struct span behind(struct span text, size_t length)
{
    return (struct span){text.data + length, text.length - length};
}

/* Appendix B of the RFC. */
static struct parts split(struct span url)
{
    struct parts parts = {.path = {"", 0}};
    size_t scheme = url_scheme_length(url);
    if (scheme) {
        parts.scheme = (struct span){url.data, scheme};
        url = behind(url, scheme + 1);
    }
    if (url.length >= 2 && url.data[0] == '/' && url.data[1] == '/') {
        parts.authority = upto(behind(url, 2), "/?#");
        url = behind(url, 2 + parts.authority.length);
    }
    parts.path = upto(url, "?#");
    url = behind(url, parts.path.length);
    if (url.length && url.data[0] == '?') {
        parts.query = upto(behind(url, 1), "#");
        url = behind(url, 1 + parts.query.length);
    }
    if (url.length)
        parts.fragment = behind(url, 1);
    return parts;
}

struct output {
    char *data;
    size_t length;
};

static void put(struct output *out, struct span span)
{
    if (span.length)
        memcpy(out->data + out->length, span.data, span.length);
    out->length += span.length;
}

/* RFC 3986, 5.2.4. */
static void put_without_dots(struct output *out, struct span path)
{
    size_t start = out->length;
    while (path.length) {
        bool rooted = path.data[0] == '/';
        struct span segment = upto(behind(path, rooted), "/");
        bool last = path.length == rooted + segment.length;
        bool up = span_equal(segment, SPAN(".."));
        if (!up && !span_equal(segment, SPAN("."))) {
            put(out, (struct span){path.data, rooted + segment.length});
        } else {
            /* "/b/.." ends in the slash before b, as "/b/../" does. */
            while (up && out->length > start && out->data[--out->length] != '/')
                continue;
            if (last && rooted)
                put(out, SPAN("/"));
        }
        path = behind(path, rooted + segment.length);
    }
}

/* What browsers take for slashes, where a host may come of it (WHATWG URL, 4.4). */
static struct span turn_slashes(struct arena *arena, struct span reference)
{
    struct span path = upto(reference, "?#");
    if (!path.length || !memchr(path.data, '\\', path.length))
        return reference;
    reference = arena_copy(arena, reference);
    char *text = (char *)reference.data;
    for (size_t i = 0; i < path.length; i++)
        text[i] = text[i] == '\\' ? '/' : text[i];
    return reference;
}

bool url_is_web(struct span url)
{
    return span_starts_nocase(url, SPAN("http://")) || span_starts_nocase(url, SPAN("https://"));
}

bool url_is_relative(struct span reference)
{
    while (reference.length && (unsigned char)reference.data[0] <= ' ')
        reference = behind(reference, 1);
    return reference.length && reference.data[0] != '#' && !url_scheme_length(reference);
}

/* RFC 3986, 5.2.2 and 5.3. */
struct span url_resolve(struct arena *arena, struct span base_url, struct span reference)
{
    if (!base_url.length || url_scheme_length(reference))
        return reference;
    struct span whole = url_clean(arena, reference);
    if (url_scheme_length(whole)) /* behind blanks, or with some in it */
        return reference;
    base_url = url_clean(arena, base_url);
    struct parts base = split(base_url);
    struct parts parts = split(turn_slashes(arena, whole));
    struct output out = {arena_text(arena, base_url.length + whole.length + 8), 0};
    struct span authority = parts.authority.data ? parts.authority : base.authority;
    struct span query = parts.query;
    if (base.scheme.length) {
        put(&out, base.scheme);
        put(&out, SPAN(":"));
    }
    if (authority.data) {
        put(&out, SPAN("//"));
        put(&out, authority);
    }
    if (!parts.authority.data && !parts.path.length) {
        put(&out, base.path);
        query = query.data ? query : base.query;
    } else if (parts.authority.data || parts.path.data[0] == '/') {
        put_without_dots(&out, parts.path);
    } else {
        char merged[2 * URL_MAX + 1];
        struct output path = {merged, 0};
        while (base.path.length && base.path.data[base.path.length - 1] != '/')
            base.path.length--;
        put(&path, base.path.length || !authority.data ? base.path : SPAN("/"));
        put(&path, parts.path);
        /* The dots of what is still relative are for the next base. */
        struct span merged_path = {merged, path.length};
        if (path.length && merged[0] == '/')
            put_without_dots(&out, merged_path);
        else
            put(&out, merged_path);
    }
    if (query.data) {
        put(&out, SPAN("?"));
        put(&out, query);
    }
    if (parts.fragment.data) {
        put(&out, SPAN("#"));
        put(&out, parts.fragment);
    }
    return (struct span){out.data, out.length};
}
