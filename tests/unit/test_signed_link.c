#include "core/signed_link.h"

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
#include <sodium.h>

#define NOW 1700000000
#define OLD "1111111111111111111111111111111111111111111111111111111111111111\n"
#define NEW "2222222222222222222222222222222222222222222222222222222222222222\n"

static char directory[] = "/tmp/weir-link-XXXXXX";
static char path[64];

static int make_directory(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/key", directory);
    return sodium_init() < 0 ? -1 : 0;
}

static int remove_directory(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory);
}

static bool keys_of(const char *content, struct signed_link_keys *keys, struct error *error)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
    return signed_link_keys_read(path, keys, error);
}

static struct signed_link link_for(const char *recipient)
{
    struct signed_link link = {.purpose = SIGNED_LINK_MAIL,
                               .actions = SIGNED_LINK_RELEASE | SIGNED_LINK_DENY,
                               .expires_s = NOW + 60,
                               .held_id = 12,
                               .document_id = {0xab, 0xcd, 1}};
    snprintf(link.recipient, sizeof link.recipient, "%s", recipient);
    return link;
}

static void sign(const char *keys, const char *recipient, char token[SIGNED_LINK_TOKEN_SIZE])
{
    struct signed_link_keys own;
    struct error error;
    struct signed_link link = link_for(recipient);
    assert_true(keys_of(keys, &own, &error));
    signed_link_sign(&own, &link, token);
}

static enum signed_link_status verify(const char *keys, const char *token, struct signed_link *link)
{
    struct signed_link_keys own;
    struct error error;
    assert_true(keys_of(keys, &own, &error));
    return signed_link_verify(&own, token, NOW, link);
}

static void test_what_was_signed_is_read_again(void **state)
{
    char token[SIGNED_LINK_TOKEN_SIZE], longest[SIGNED_LINK_RECIPIENT_MAX + 1];
    struct signed_link link;
    (void)state;
    sign(OLD, "bob@box.test", token);
    assert_int_equal(strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789-_"),
                     strlen(token));
    assert_int_equal(verify(OLD, token, &link), SIGNED_LINK_VALID);
    struct signed_link same = link_for("bob@box.test");
    assert_memory_equal(&link, &same, sizeof link);
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    sign(OLD, longest, token);
    assert_int_equal(verify(OLD, token, &link), SIGNED_LINK_VALID);
    assert_string_equal(link.recipient, longest);
}

static void test_an_expired_one_is_known_as_ours(void **state)
{
    char token[SIGNED_LINK_TOKEN_SIZE];
    struct signed_link_keys keys;
    struct signed_link link;
    struct error error;
    (void)state;
    sign(OLD, "bob@box.test", token);
    assert_true(keys_of(OLD, &keys, &error));
    assert_int_equal(signed_link_verify(&keys, token, NOW + 59, &link), SIGNED_LINK_VALID);
    assert_int_equal(signed_link_verify(&keys, token, NOW + 60, &link), SIGNED_LINK_EXPIRED);
    assert_string_equal(link.recipient, "bob@box.test");
}

static void test_nothing_changed_or_cut_is_taken(void **state)
{
    char token[SIGNED_LINK_TOKEN_SIZE], changed[SIGNED_LINK_TOKEN_SIZE];
    struct signed_link link;
    struct signed_link_keys keys;
    struct error error;
    (void)state;
    sign(OLD, "bob@box.test", token);
    assert_true(keys_of(OLD, &keys, &error));
    for (size_t i = 0; token[i]; i++) {
        memcpy(changed, token, sizeof changed);
        changed[i] = token[i] == 'A' ? 'B' : 'A';
        assert_int_equal(signed_link_verify(&keys, changed, NOW, &link), SIGNED_LINK_FORGED);
        memcpy(changed, token, sizeof changed);
        changed[i] = '\0';
        assert_int_equal(signed_link_verify(&keys, changed, NOW, &link), SIGNED_LINK_FORGED);
        assert_string_equal(link.recipient, "");
    }
    static const char *const others[] = {"", "AQ", "=", "....", "AQEBAAAAAAAAAAAA", "\xff\xfe"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(signed_link_verify(&keys, others[i], NOW, &link), SIGNED_LINK_FORGED);
    memcpy(changed, token, sizeof changed);
    strcat(changed, "=");
    assert_int_equal(signed_link_verify(&keys, changed, NOW, &link), SIGNED_LINK_FORGED);
}

static void test_another_persons_link_is_of_no_use(void **state)
{
    char bob[SIGNED_LINK_TOKEN_SIZE], eve[SIGNED_LINK_TOKEN_SIZE];
    struct signed_link link;
    (void)state;
    sign(OLD, "bob@box.test", bob);
    sign(OLD, "eve@box.test", eve);
    /* Eve's address with Bob's tag. */
    size_t payload = strlen(eve) - 43; /* 32 bytes of tag, wherever the last digit begins */
    memcpy(eve + payload, bob + payload, 43);
    assert_int_equal(verify(OLD, eve, &link), SIGNED_LINK_FORGED);
}

static void test_two_keys_are_valid_while_one_is_rotated(void **state)
{
    char former[SIGNED_LINK_TOKEN_SIZE], later[SIGNED_LINK_TOKEN_SIZE];
    struct signed_link link;
    (void)state;
    sign(OLD, "bob@box.test", former);
    sign(NEW OLD, "bob@box.test", later);
    assert_string_not_equal(former, later);
    assert_int_equal(verify(NEW OLD, former, &link), SIGNED_LINK_VALID);
    assert_int_equal(verify(NEW, later, &link), SIGNED_LINK_VALID);
    assert_int_equal(verify(NEW, former, &link), SIGNED_LINK_FORGED);
}

static void test_a_key_file_that_cannot_be_is_named(void **state)
{
    static const struct {
        const char *content, *complaint;
    } cases[] = {{"", ": holds no key"},
                 {"abc\n", ":1: the line is not 64 hex digits"},
                 {OLD "# two\n" NEW NEW, ":4: the line is one key too many: two are valid while "
                                         "one is being rotated"}};
    struct signed_link_keys keys;
    struct error error;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_false(keys_of(cases[i].content, &keys, &error));
        assert_int_equal(error.class, ERROR_INPUT);
        assert_string_equal(error.message + strlen(path), cases[i].complaint);
    }
}

static void test_a_key_is_made_once_and_not_for_all(void **state)
{
    struct signed_link_keys first, again;
    struct error error;
    struct stat status;
    (void)state;
    unlink(path);
    assert_true(signed_link_keys_make(path, &error));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0640);
    assert_true(signed_link_keys_read(path, &first, &error));
    assert_true(signed_link_keys_make(path, &error));
    assert_true(signed_link_keys_read(path, &again, &error));
    assert_int_equal(again.count, 1);
    assert_memory_equal(&first, &again, sizeof first);
}

static void test_draft_of_a_crash_is_in_nobodys_way(void **state)
{
    struct signed_link_keys keys;
    struct error error;
    char left[128];
    (void)state;
    unlink(path);
    snprintf(left, sizeof left, "%s.%ld", path, (long)getpid());
    FILE *file = fopen(left, "w");
    assert_non_null(file);
    fclose(file);
    bool made = signed_link_keys_make(path, &error);
    unlink(left);
    assert_true(made);
    assert_true(signed_link_keys_read(path, &keys, &error));
    assert_int_equal(keys.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_signed_is_read_again),
        cmocka_unit_test(test_an_expired_one_is_known_as_ours),
        cmocka_unit_test(test_nothing_changed_or_cut_is_taken),
        cmocka_unit_test(test_another_persons_link_is_of_no_use),
        cmocka_unit_test(test_two_keys_are_valid_while_one_is_rotated),
        cmocka_unit_test(test_a_key_file_that_cannot_be_is_named),
        cmocka_unit_test(test_a_key_is_made_once_and_not_for_all),
        cmocka_unit_test(test_draft_of_a_crash_is_in_nobodys_way),
    };
    return cmocka_run_group_tests_name("signed_link", tests, make_directory, remove_directory);
}
