/* A text of rules up to a NUL, then a message that they are asked of: the text is refused with one
 * line, or compiled, and what it says of the message hangs together. */
#include "core/features.h"
#include "core/mail.h"
#include "core/rules.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct rules *rules, struct span message, unsigned unknown)
{
    struct rules_said said;
    struct document *document = mail_read(message, false);
    features_extract(document);
    rules_match(rules, document, unknown, &said);
    if (said.count > rules_count(rules) || (said.decides && said.decides->dry))
        abort();
    rules_said_hash(&said);
    document_free(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    const uint8_t *end = size ? memchr(data, '\0', size) : NULL;
    size_t length = end ? (size_t)(end - data) : size;
    mail_init();
    struct rules *rules = rules_read((struct span){(const char *)data, length}, "rules", &error);
    if (!rules && (error.class == ERROR_NONE || strchr(error.message, '\n')))
        abort();
    struct span message = {(const char *)data + length, size - length};
    if (message.length)
        message = (struct span){message.data + 1, message.length - 1};
    if (rules) {
        ask(rules, message, 0);
        ask(rules, message, 0x2a5u);
    }
    rules_release(rules);
    return 0;
}
