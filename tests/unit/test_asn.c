#include "core/asn.h"

#include <config.h>

#include "mmdb_file.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/weir-asn-XXXXXX", path[64];

static const struct mmdb_row rows[] = {
    {"192.0.2.0", 24, 64496}, {"198.51.100.128", 25, 64497}, {"2001:db8::", 32, 4200000000u}};

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/asn.mmdb", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static uint32_t look_up(const struct asn_database *database, const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return asn_of(database, (const struct sockaddr *)&v4);
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return asn_of(database, (const struct sockaddr *)&v6);
}

static void test_addresses_of_both_kinds_are_found(void **state)
{
    (void)state;
    struct error error = {0};
    mmdb_file_write(path, "Test-ASN", rows, 3);
    struct asn_database *database = asn_open(path, &error);
    assert_non_null(database);
    assert_int_equal(look_up(database, "192.0.2.77"), 64496);
    assert_int_equal(look_up(database, "198.51.100.200"), 64497);
    assert_int_equal(look_up(database, "198.51.100.1"), 0);
    assert_int_equal(look_up(database, "2001:db8:1::1"), 4200000000u);
    assert_int_equal(look_up(database, "2001:db9::1"), 0);
    asn_close(database);
}

static void test_no_database_knows_nothing(void **state)
{
    (void)state;
    assert_int_equal(look_up(NULL, "192.0.2.77"), 0);
    asn_close(NULL);
}

static void refused(enum error_class class, const char *complaint)
{
    struct error error = {0};
    assert_null(asn_open(path, &error));
    assert_int_equal(error.class, class);
    assert_non_null(strstr(error.message, path));
    assert_non_null(strstr(error.message, complaint));
    assert_null(strchr(error.message, '\n'));
}

static void test_a_missing_file_is_told(void **state)
{
    (void)state;
    unlink(path);
    refused(ERROR_SYSTEM, "No such file");
}

static void test_a_database_of_countries_is_refused(void **state)
{
    (void)state;
    mmdb_file_write(path, "GeoLite2-Country", rows, 3);
    refused(ERROR_INPUT, "no database of autonomous systems (it is GeoLite2-Country)");
}

static void test_what_is_no_database_is_refused(void **state)
{
    (void)state;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("this is no database\n", file);
    fclose(file);
    refused(ERROR_INPUT, "");
}

/* Every pointer of the tree leads out of the file. */
static void test_a_damaged_tree_is_refused(void **state)
{
    (void)state;
    mmdb_file_write(path, "Test-ASN", rows, 3);
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    for (int i = 0; i < 300; i++)
        fputc(0xee, file);
    fclose(file);
    refused(ERROR_INPUT, "is damaged");
}

static void test_any_cut_is_refused_or_harmless(void **state)
{
    (void)state;
    mmdb_file_write(path, "Test-ASN", rows, 3);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    fclose(file);
    while (--length >= 0) {
        struct error error = {0};
        assert_int_equal(truncate(path, length), 0);
        struct asn_database *database = asn_open(path, &error);
        if (database)
            look_up(database, "192.0.2.77");
        asn_close(database);
        assert_true(database || strchr(error.message, '/'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_database_knows_nothing),
        cmocka_unit_test(test_addresses_of_both_kinds_are_found),
        cmocka_unit_test(test_a_missing_file_is_told),
        cmocka_unit_test(test_a_database_of_countries_is_refused),
        cmocka_unit_test(test_what_is_no_database_is_refused),
        cmocka_unit_test(test_a_damaged_tree_is_refused),
        cmocka_unit_test(test_any_cut_is_refused_or_harmless),
    };
#ifndef HAVE_LIBMAXMINDDB
    return cmocka_run_group_tests_name("without libmaxminddb", &(struct CMUnitTest[]){tests[0]},
                                       NULL, NULL);
#endif
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
