#include "tests/unit/mail_reading.h"

#include <stdlib.h>
#include <string.h>

struct document *document;

int mail_set_up(void **state)
{
    (void)state;
    mail_init();
    document = NULL;
    return 0;
}

int mail_tear_down(void **state)
{
    (void)state;
    document_free(document);
    return 0;
}

void read_span(struct span message)
{
    document_free(document);
    document = mail_read(message, false);
    assert_non_null(document);
}

void read_string(const char *message)
{
    read_span(span_of(message));
}

void assert_span(struct span span, const char *expected)
{
    if (!span_equal(span, span_of(expected)))
        fail_msg("\"%.*s\" is not \"%s\"", SPAN_ARGS(span), expected);
}

void assert_header(const char *name, const char *expected)
{
    const struct header *header = document_header(document, name);
    assert_non_null(header);
    assert_span(header->value, expected);
}

struct span body(size_t i)
{
    for (size_t t = 0; t < document->text_count; t++)
        if (document->texts[t].kind == TEXT_BODY && i-- == 0)
            return document->texts[t].content;
    return (struct span){0};
}

size_t bodies(void)
{
    size_t count = 0;
    for (size_t i = 0; i < document->text_count; i++)
        count += document->texts[i].kind == TEXT_BODY;
    return count;
}

char *repeated(const char *head, const char *piece, size_t times, const char *tail)
{
    size_t length = strlen(piece);
    char *text = malloc(strlen(head) + times * length + strlen(tail) + 1);
    char *at = stpcpy(text, head);
    for (size_t i = 0; i < times; i++, at += length)
        memcpy(at, piece, length);
    strcpy(at, tail);
    return text;
}
