/* A message from its bytes to a verdict, and to the names of its features. */
#include "core/config.h"
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
    struct verdict verdict;
    struct document *document = mail_read((struct span){(const char *)data, size}, true);
    judge_prepare(document, config);
    judge_documents(&judge, config, &document, 1, &verdict);
    name_features(document);
    document_free(document);
    return 0;
}
