#include "gathering.h"

#include "core/gatherers.h"
#include "core/text.h"
#include "core/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

struct document *mail;
struct config config;

int gathering_set_up(void **state)
{
    (void)state;
    text_init();
    url_init();
    mail = document_new(CHANNEL_MAIL);
    config = (struct config){.gather_deadline_ms = 1000};
    return 0;
}

int gathering_tear_down(void **state)
{
    (void)state;
    document_free(mail);
    domain_list_free(config.identities.mail_providers);
    domain_list_free(config.identities.url_shorteners);
    asn_close(config.identities.asn);
    return 0;
}

struct domain_list *list_of(const char *text)
{
    char path[] = "/tmp/weir-gatherers-XXXXXX";
    int fd = mkstemp(path);
    struct error error = {0};
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    struct domain_list *list = domain_list_read(path, NULL, &error);
    unlink(path);
    assert_non_null(list);
    return list;
}

void gather(struct document *document)
{
    size_t count;
    const struct gatherer *rows = gatherers_all(&count);
    gatherers_run(rows, count, document, &config);
}

bool has(const struct document *document, enum identity_type type, const char *value)
{
    for (size_t i = 0; i < document->identity_count; i++)
        if (document->identities[i].type == type &&
            span_equal(document->identities[i].value, span_of(value)))
            return true;
    return false;
}

size_t count_of(const struct document *document, enum identity_type type)
{
    size_t count = 0;
    for (size_t i = 0; i < document->identity_count; i++)
        count += document->identities[i].type == type;
    return count;
}
