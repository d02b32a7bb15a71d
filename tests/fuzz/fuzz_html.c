/* Any bytes in any charset as HTML: what text.h, html.h and url.h promise of the result. The first
 * byte chooses the charset. */
#include "core/html.h"
#include "core/text.h"
#include "core/url.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const charsets[] = {
    "",       "utf-8",    "windows-1252", "gb18030", "big5",   "iso-2022-jp",
    "utf-16", "utf-16be", "shift_jis",    "utf-7",   "koi8-r",
};

static void demand(bool promise)
{
    if (!promise)
        abort();
}

static void read_addresses(struct document *document, struct span text)
{
    const char *at = text.data, *end = text.data + text.length;
    struct span url;
    while (url_find_in_text(&at, end, &url)) {
        demand(url.length && url.data >= text.data && url.data + url.length <= at && at <= end);
        document_add_link(document, url, SPAN(""), false);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    text_init();
    url_init();
    if (size == 0)
        return 0;
    struct document *document = document_new(CHANNEL_MAIL);
    const char *charset = charsets[data[0] % (sizeof charsets / sizeof *charsets)];
    struct span text = text_to_utf8(
        document->arena, (struct span){(const char *)data + 1, size - 1}, span_of(charset));
    demand(text_is_utf8(text) && text.length <= 4 * size + 32);
    html_read(document, text);
    for (size_t i = 0; i < document->text_count; i++) {
        demand(text_is_utf8(document->texts[i].content));
        read_addresses(document, document->texts[i].content);
    }
    read_addresses(document, text);
    demand(document->link_count <= 1000 && document->structure_count <= 1000);
    demand(document->html.inside_links <= document->html.visible);
    demand(text_is_utf8(document->html.hidden_sample));
    for (size_t i = 0; i < document->link_count; i++) {
        const struct link *link = &document->links[i];
        demand(text_is_utf8(link->text) && link->text.length <= 500);
        demand(link->host.length <= 255 && link->domain.length <= link->host.length);
    }
    document_free(document);
    return 0;
}
