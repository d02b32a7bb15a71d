#include "admin/documents.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/weir-test-documents-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static const char *write_file(const char *name, const char *text)
{
    const char *path = path_of(name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return path;
}

/* The subjects of all documents below `path`, "subject#index" each, joined by blanks; "!" for a
 * file that gave an error. */
static const char *subjects(const char *path)
{
    static char all[1000];
    struct documents *documents = documents_new(1 << 20);
    struct error error = {0};
    struct sample sample;
    enum next_outcome outcome;
    all[0] = '\0';
    if (!documents_add(documents, path, &error))
        fail_msg("%s", error.message);
    while ((outcome = documents_next(documents, &sample, &error)) != NEXT_END) {
        size_t used = strlen(all);
        if (outcome == NEXT_ERROR)
            snprintf(all + used, sizeof all - used, "%s!", used ? " " : "");
        else
            snprintf(all + used, sizeof all - used, "%s%.*s#%zu", used ? " " : "",
                     SPAN_ARGS(sample.document->subject), sample.index);
        sample_clear(&sample);
    }
    documents_free(documents);
    return all;
}

static void test_a_message_is_one_document(void **state)
{
    (void)state;
    assert_string_equal(subjects(write_file("one.eml", "From: a@b.test\nSubject: one\n\nHello\n")),
                        "one#0");
}

static void test_an_mbox_gives_its_messages_in_order(void **state)
{
    (void)state;
    const char *path = write_file("box", "From a@b.test Mon Jan  1 10:00:00 2024\nSubject: one\n\n"
                                         "From here on it is text.\n\nFrom Monday we are open.\n"
                                         "\nFrom a@b.test Mon Jan  1 10:00:01 2024\n"
                                         "Subject: two\n\nHello\n");
    assert_string_equal(subjects(path), "one#1 two#2");
}

static void test_a_from_line_alone_makes_no_mbox_of_a_message(void **state)
{
    (void)state;
    const char *path =
        write_file("single", "From a@b.test Mon Jan  1 10:00:00 2024\n"
                             "Subject: one\n\nText\n\nFrom Rome, in 2024: 10 of us\n");
    assert_string_equal(subjects(path), "one#0");
}

static void test_a_feed_gives_its_items(void **state)
{
    (void)state;
    const char *path =
        write_file("feed.xml", "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel>"
                               "<title>t</title><item><title>one</title></item>"
                               "<item><title>two</title></item></channel></rss>");
    assert_string_equal(subjects(path), "one#1 two#2");
}

static void test_a_json_feed_gives_its_items(void **state)
{
    (void)state;
    const char *path =
        write_file("feed.json", "\n{\"version\":\"https://jsonfeed.org/version/1.1\","
                                "\"items\":[{\"title\":\"one\"},7,{\"title\":\"two\"}]}");
    assert_string_equal(subjects(path), "one#1 two#2");
    assert_string_equal(subjects(write_file("other.json", "{\"name\":\"a package\"}")), "!");
}

static void test_a_directory_gives_its_files_by_name_without_hidden_ones(void **state)
{
    (void)state;
    mkdir(path_of("tree"), 0700);
    mkdir(path_of("tree/b"), 0700);
    write_file("tree/c.eml", "Subject: c\n\n");
    write_file("tree/b/inner.eml", "Subject: b\n\n");
    write_file("tree/a.eml", "Subject: a\n\n");
    write_file("tree/.hidden", "Subject: hidden\n\n");
    assert_string_equal(subjects(path_of("tree")), "a#0 b#0 c#0");
}

static void test_of_a_maildir_only_what_was_delivered_counts(void **state)
{
    (void)state;
    mkdir(path_of("maildir"), 0700);
    mkdir(path_of("maildir/cur"), 0700);
    mkdir(path_of("maildir/new"), 0700);
    mkdir(path_of("maildir/tmp"), 0700);
    write_file("maildir/cur/1:2,S", "Subject: read\n\n");
    write_file("maildir/new/2", "Subject: unread\n\n");
    write_file("maildir/tmp/3", "Subject: half\n\n");
    assert_string_equal(subjects(path_of("maildir")), "read#0 unread#0");
}

static void test_what_is_no_document_is_an_error_and_the_rest_goes_on(void **state)
{
    (void)state;
    mkdir(path_of("mixed"), 0700);
    write_file("mixed/1", "\x7f"
                          "ELF\x02\x01");
    write_file("mixed/2", "Subject: fine\n\n");
    write_file("mixed/3", "");
    symlink("/nonexistent", path_of("mixed/4"));
    assert_string_equal(subjects(path_of("mixed")), "! fine#0 ! !");
}

static void test_a_missing_file_is_named(void **state)
{
    (void)state;
    struct documents *documents = documents_new(1 << 20);
    struct error error = {0};
    struct sample sample;
    assert_true(documents_add(documents, path_of("missing"), &error));
    assert_int_equal(documents_next(documents, &sample, &error), NEXT_ERROR);
    assert_int_equal(error.class, ERROR_SYSTEM);
    assert_non_null(strstr(error.message, path_of("missing")));
    assert_int_equal(documents_next(documents, &sample, &error), NEXT_END);
    documents_free(documents);
}

static void test_a_long_message_is_cut_at_the_limit(void **state)
{
    (void)state;
    const char *path = path_of("long.eml");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("Subject: long\n\n", file);
    for (int i = 0; i < 5000; i++)
        fputs("a line of text that goes on\n", file);
    fclose(file);
    struct documents *documents = documents_new(4096);
    struct error error = {0};
    struct sample sample;
    assert_true(documents_add(documents, path, &error));
    assert_int_equal(documents_next(documents, &sample, &error), NEXT_DOCUMENT);
    assert_true(sample.document->truncated);
    assert_true(sample.document->texts[sample.document->text_count - 1].content.length < 4096);
    sample_clear(&sample);
    documents_free(documents);
}

static void test_a_list_of_paths_is_read_line_by_line(void **state)
{
    (void)state;
    char list[600];
    write_file("x.eml", "Subject: x\n\n");
    write_file("y z.eml", "Subject: y\n\n");
    snprintf(list, sizeof list, "%s/x.eml\n\n%s/y z.eml", folder, folder);
    struct documents *documents = documents_new(1 << 20);
    struct error error = {0};
    struct sample sample;
    assert_true(documents_add_list(documents, write_file("list", list), &error));
    assert_int_equal(documents_next(documents, &sample, &error), NEXT_DOCUMENT);
    sample_clear(&sample);
    assert_true(documents_progress(documents) > 0.4 && documents_progress(documents) < 1);
    assert_int_equal(documents_next(documents, &sample, &error), NEXT_DOCUMENT);
    assert_true(span_equal(sample.document->subject, SPAN("y")));
    sample_clear(&sample);
    assert_int_equal(documents_next(documents, &sample, &error), NEXT_END);
    documents_free(documents);
}

static void test_samples_outlive_the_files_that_follow(void **state)
{
    (void)state;
    struct documents *documents = documents_new(1 << 20);
    struct error error = {0};
    struct sample first, second;
    assert_true(documents_add(documents, write_file("p.eml", "Subject: p\n\nfirst\n"), &error));
    assert_true(documents_add(documents, write_file("q.eml", "Subject: q\n\nother\n"), &error));
    assert_int_equal(documents_next(documents, &first, &error), NEXT_DOCUMENT);
    assert_int_equal(documents_next(documents, &second, &error), NEXT_DOCUMENT);
    assert_true(span_equal(first.document->subject, SPAN("p")));
    assert_memory_equal(first.document->texts[1].content.data, "first", 5);
    sample_clear(&first);
    sample_clear(&second);
    documents_free(documents);
}

static void test_a_message_that_weir_saw_keeps_its_id(void **state)
{
    (void)state;
    struct documents *documents = documents_new(1 << 20);
    struct error error = {0};
    struct sample sample;
    char hex[DOCUMENT_ID_HEX];
    const char *path = write_file("seen.eml", "X-Weir-Id: 000102030405060708090a0b0c0d0e0f."
                                              "00000000000000000000000000000000\n"
                                              "From: a@b.test\nSubject: seen\n\nHello\n");
    assert_true(documents_add(documents, path, &error));
    assert_int_equal(documents_next(documents, &sample, &error), NEXT_DOCUMENT);
    document_id_hex(sample.document->id, hex);
    assert_string_equal(hex, "000102030405060708090a0b0c0d0e0f");
    sample_clear(&sample);
    documents_free(documents);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_message_is_one_document),
        cmocka_unit_test(test_a_message_that_weir_saw_keeps_its_id),
        cmocka_unit_test(test_an_mbox_gives_its_messages_in_order),
        cmocka_unit_test(test_a_from_line_alone_makes_no_mbox_of_a_message),
        cmocka_unit_test(test_a_feed_gives_its_items),
        cmocka_unit_test(test_a_json_feed_gives_its_items),
        cmocka_unit_test(test_a_directory_gives_its_files_by_name_without_hidden_ones),
        cmocka_unit_test(test_of_a_maildir_only_what_was_delivered_counts),
        cmocka_unit_test(test_what_is_no_document_is_an_error_and_the_rest_goes_on),
        cmocka_unit_test(test_a_missing_file_is_named),
        cmocka_unit_test(test_a_long_message_is_cut_at_the_limit),
        cmocka_unit_test(test_a_list_of_paths_is_read_line_by_line),
        cmocka_unit_test(test_samples_outlive_the_files_that_follow),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
