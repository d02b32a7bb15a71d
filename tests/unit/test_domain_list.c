#include "core/domain_list.h"
#include "core/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char path[] = "/tmp/weir-domains-XXXXXX", said[4000];

static int set_up(void **state)
{
    (void)state;
    url_init();
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

static void complain(const char *file, int line, const char *what)
{
    assert_string_equal(file, path);
    size_t length = strlen(said);
    snprintf(said + length, sizeof said - length, "%d: %s\n", line, what);
}

static struct domain_list *read_text(const char *text, size_t length)
{
    struct error error = {0};
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fwrite(text, 1, length, file);
    fclose(file);
    said[0] = '\0';
    struct domain_list *list = domain_list_read(path, complain, &error);
    assert_non_null(list);
    return list;
}

static void test_domains_and_their_hosts_are_on_the_list(void **state)
{
    (void)state;
    static const char text[] =
        "# mail\n\nGmail.com\n  web.de # Germany\r\nyahoo.co.uk\nb.example.net";
    struct domain_list *list = read_text(text, sizeof text - 1);
    assert_string_equal(said, "");
    assert_true(domain_list_has(list, SPAN("gmail.com")));
    assert_true(domain_list_has(list, SPAN("web.de")));
    assert_true(domain_list_has(list, SPAN("mail.yahoo.co.uk")));
    assert_true(domain_list_has(list, SPAN("b.example.net")));
    assert_false(domain_list_has(list, SPAN("a.example.net")));
    assert_false(domain_list_has(list, SPAN("example.net")));
    assert_false(domain_list_has(list, SPAN("notgmail.com")));
    assert_false(domain_list_has(list, SPAN("mail")));
    assert_false(domain_list_has(list, SPAN("")));
    domain_list_free(list);
}

static void test_each_bad_line_is_told_and_the_others_are_kept(void **state)
{
    (void)state;
    static const char text[] =
        "gmail.com\nno dots here.org\nlocalhost\n.example.org\nexample.org.\n"
        "a..b\n-x.org\nx-.org\nb\xc3\xbc"
        "cher.example\nhttp://bit.ly/\nnul\0.org\nt.co\n";
    struct domain_list *list = read_text(text, sizeof text - 1);
    assert_string_equal(said, "2: \"no dots here.org\" is no domain\n"
                              "3: \"localhost\" is no domain: it has no dot\n"
                              "4: \".example.org\" is no domain\n"
                              "5: \"example.org.\" is no domain\n"
                              "6: \"a..b\" is no domain\n"
                              "7: \"-x.org\" is no domain\n"
                              "8: \"x-.org\" is no domain\n"
                              "9: \"b\xc3\xbc"
                              "cher.example\" is not in ASCII form (\"xn--...\")\n"
                              "10: \"http://bit.ly/\" is no domain\n"
                              "11: \"nul\" has a NUL\n");
    assert_true(domain_list_has(list, SPAN("gmail.com")));
    assert_true(domain_list_has(list, SPAN("t.co")));
    domain_list_free(list);
}

static void test_labels_and_names_have_a_length(void **state)
{
    (void)state;
    char text[400];
    memset(text, 'a', sizeof text);
    memcpy(text + 63, ".org\n", 5);
    domain_list_free(read_text(text, 68));
    assert_string_equal(said, "");
    memset(text, 'a', 64);
    memcpy(text + 64, ".org\n", 5);
    domain_list_free(read_text(text, 69));
    assert_non_null(strstr(said, "is no domain"));
    for (size_t i = 0; i < 300; i++)
        text[i] = i % 2 ? '.' : 'a';
    domain_list_free(read_text(text, 299));
    assert_non_null(strstr(said, "is too long"));
}

static void test_an_empty_file_and_no_list_have_nothing(void **state)
{
    (void)state;
    struct domain_list *list = read_text("", 0);
    assert_false(domain_list_has(list, SPAN("gmail.com")));
    assert_false(domain_list_has(NULL, SPAN("gmail.com")));
    domain_list_free(list);
    domain_list_free(NULL);
}

static void test_a_file_that_cannot_be_read_is_told(void **state)
{
    (void)state;
    struct error error = {0};
    assert_null(domain_list_read("/nonexistent/list", complain, &error));
    assert_int_equal(error.class, ERROR_SYSTEM);
    assert_string_equal(error.message, "/nonexistent/list: No such file or directory");
    assert_null(domain_list_read("/tmp", complain, &error));
}

/* The lists that come with weir. */
static void test_shipped_lists_are_sound(void **state)
{
    (void)state;
    static const char *const names[] = {"mail-providers", "url-shorteners"};
    const char *source = getenv("WEIR_SOURCE");
    assert_non_null(source);
    for (size_t i = 0; i < 2; i++) {
        char shipped[500];
        struct error error = {0};
        snprintf(shipped, sizeof shipped, "%s/conf/maps/%s", source, names[i]);
        struct domain_list *list = domain_list_read(shipped, complain, &error);
        assert_non_null(list);
        assert_true(domain_list_has(list, i ? SPAN("bit.ly") : SPAN("gmail.com")));
        domain_list_free(list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_domains_and_their_hosts_are_on_the_list),
        cmocka_unit_test(test_each_bad_line_is_told_and_the_others_are_kept),
        cmocka_unit_test(test_labels_and_names_have_a_length),
        cmocka_unit_test(test_an_empty_file_and_no_list_have_nothing),
        cmocka_unit_test(test_a_file_that_cannot_be_read_is_told),
        cmocka_unit_test(test_shipped_lists_are_sound),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
