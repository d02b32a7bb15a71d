#include "tests/unit/checking.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/keyword_list.h"

double run(check_function *check, struct document *document)
{
    struct span detail = {NULL, 0};
    keyword_list_note(document);
    double strength = check(document, &detail);
    assert_true(strength >= 0 && strength <= 1);
    assert_true(strength > 0 || !detail.length);
    document_free(document);
    return strength;
}

struct document *with_body(const char *body)
{
    struct document *document = document_new(CHANNEL_MAIL);
    document_add_text(document, TEXT_BODY, span_of(body), false);
    return document;
}

struct document *with_title(const char *title)
{
    struct document *document = document_new(CHANNEL_FEED);
    document->subject = span_of(title);
    document_add_text(document, TEXT_SUBJECT, document->subject, false);
    return document;
}
