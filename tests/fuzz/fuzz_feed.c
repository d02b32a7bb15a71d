/* A feed from its bytes to the verdicts on its items, and to the names of their features. */
#include "core/config.h"
#include "core/feed.h"
#include "core/judge.h"
#include "core/mail.h"
#include "tests/fuzz/name_features.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config *config;
    if (!config) {
        mail_init();
        config = config_defaults();
    }
    const struct judge judge = {.store = NULL};
    struct error error = {0};
    struct feed *feed =
        feed_read((struct span){(const char *)data, size}, SPAN("http://h.example/a/b?c"), &error);
    for (size_t i = 0; feed && i < feed->item_count; i++) {
        struct verdict verdict;
        struct document *document = feed_item_document(feed, &feed->items[i], SPAN("fuzz"));
        judge_prepare(document, config);
        judge_documents(&judge, config, &document, 1, &verdict);
        name_features(document);
        document_free(document);
    }
    feed_free(feed);
    return 0;
}
