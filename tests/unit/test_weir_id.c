#include "core/weir_id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

static char directory[] = "/tmp/weir-id-XXXXXX";
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

static bool read_key_file(const char *content, struct weir_id_keys *keys, struct error *error)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    assert_int_equal(fclose(file), 0);
    *error = (struct error){0};
    return weir_id_keys_read(path, keys, error);
}

static void random_keys(struct weir_id_keys *keys, size_t count)
{
    keys->count = count;
    randombytes_buf(keys->key, sizeof keys->key);
}

static void test_tag_is_siphash_2_4_128(void **state)
{
    (void)state;
    for (int round = 0; round < 1000; round++) {
        struct weir_id_keys keys;
        unsigned char document_id[16], tag[crypto_shorthash_siphashx24_BYTES];
        random_keys(&keys, 1);
        randombytes_buf(document_id, sizeof document_id);
        crypto_shorthash_siphashx24(tag, document_id, sizeof document_id, keys.key[0]);
        char expected[WEIR_ID_TEXT], text[WEIR_ID_TEXT];
        sodium_bin2hex(expected, 33, document_id, sizeof document_id);
        expected[32] = '.';
        sodium_bin2hex(expected + 33, 33, tag, sizeof tag);
        weir_id_sign(&keys, document_id, text);
        assert_string_equal(text, expected);
    }
}

static void test_every_changed_character_is_noticed(void **state)
{
    (void)state;
    struct weir_id_keys keys;
    unsigned char document_id[16];
    char text[WEIR_ID_TEXT];
    random_keys(&keys, 1);
    randombytes_buf(document_id, sizeof document_id);
    weir_id_sign(&keys, document_id, text);
    assert_true(weir_id_verify(&keys, text, strlen(text)));
    for (size_t i = 0; i < strlen(text); i++) {
        char was = text[i];
        text[i] = was == '0' ? '1' : '0';
        assert_false(weir_id_verify(&keys, text, strlen(text)));
        text[i] = was;
    }
}

static void test_blanks_around_and_capitals_do_not_matter(void **state)
{
    (void)state;
    struct weir_id_keys keys;
    unsigned char document_id[16] = "sixteen bytes!!", read[16];
    char text[WEIR_ID_TEXT], spaced[WEIR_ID_TEXT + 8];
    random_keys(&keys, 1);
    weir_id_sign(&keys, document_id, text);
    for (char *c = text; *c; c++)
        if (*c >= 'a' && *c <= 'f')
            *c -= 'a' - 'A';
    int length = snprintf(spaced, sizeof spaced, " \t%s \r\n", text);
    assert_true(weir_id_verify(&keys, spaced, (size_t)length));
    assert_true(weir_id_document(spaced, (size_t)length, read));
    assert_memory_equal(read, document_id, 16);
}

static void test_what_has_not_the_form_is_no_id(void **state)
{
    (void)state;
    struct weir_id_keys keys;
    unsigned char document_id[16] = {0};
    char text[WEIR_ID_TEXT];
    random_keys(&keys, 1);
    weir_id_sign(&keys, document_id, text);
    assert_false(weir_id_document(text, strlen(text) - 1, document_id));
    assert_false(weir_id_document("", 0, document_id));
    assert_false(weir_id_document("   ", 3, document_id));
    assert_false(weir_id_document("\0\0", 2, document_id));
    text[32] = '-';
    assert_false(weir_id_document(text, strlen(text), document_id));
    text[32] = '.';
    text[5] = 'g';
    assert_false(weir_id_document(text, strlen(text), document_id));
}

static void test_second_key_verifies_and_first_signs(void **state)
{
    (void)state;
    struct weir_id_keys old, rotated, other;
    unsigned char document_id[16] = "sixteen bytes!!";
    char by_old[WEIR_ID_TEXT], by_rotated[WEIR_ID_TEXT];
    random_keys(&old, 1);
    random_keys(&rotated, 2);
    memcpy(rotated.key[1], old.key[0], WEIR_ID_KEY_BYTES);
    weir_id_sign(&old, document_id, by_old);
    weir_id_sign(&rotated, document_id, by_rotated);
    assert_true(weir_id_verify(&rotated, by_old, strlen(by_old)));
    assert_true(weir_id_verify(&rotated, by_rotated, strlen(by_rotated)));
    assert_false(weir_id_verify(&old, by_rotated, strlen(by_rotated)));
    random_keys(&other, 2);
    assert_false(weir_id_verify(&other, by_old, strlen(by_old)));
}

static void test_key_file_may_have_comments_and_two_keys(void **state)
{
    (void)state;
    struct weir_id_keys keys;
    struct error error;
    assert_true(read_key_file("# new\n00112233445566778899aabbccddeeff # since May\n\n"
                              "  FFEEDDCCBBAA99887766554433221100\r\n",
                              &keys, &error));
    assert_int_equal(keys.count, 2);
    assert_int_equal(keys.key[0][1], 0x11);
    assert_int_equal(keys.key[1][0], 0xff);
}

static void test_bad_key_files_are_named_with_their_line(void **state)
{
    (void)state;
    struct weir_id_keys keys;
    struct error error;
    char expected[128];
    static const char key[] = "00112233445566778899aabbccddeeff";
    char three[256];
    snprintf(three, sizeof three, "%s\n%s\n%s\n", key, key, key);
    assert_false(read_key_file(three, &keys, &error));
    assert_int_equal(error.class, ERROR_INPUT);
    snprintf(expected, sizeof expected, "%s:3: ", path);
    assert_memory_equal(error.message, expected, strlen(expected));
    assert_false(read_key_file("00112233445566778899aabbccddeefg\n", &keys, &error));
    assert_false(read_key_file("00112233445566778899aabbccddee\n", &keys, &error));
    assert_false(read_key_file("00112233445566778899aabbccddeeff 1\n", &keys, &error));
    assert_false(read_key_file("# nothing\n", &keys, &error));
    assert_false(weir_id_keys_read("/nonexistent/key", &keys, &error));
    assert_int_equal(error.class, ERROR_SYSTEM);
}

static void test_made_key_is_private_random_and_never_overwritten(void **state)
{
    (void)state;
    struct weir_id_keys first, second;
    struct error error = {0};
    struct stat status;
    unlink(path);
    assert_true(weir_id_keys_make(path, NULL, &error));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_true(weir_id_keys_read(path, &first, &error));
    assert_int_equal(first.count, 1);
    assert_false(weir_id_keys_make(path, NULL, &error));
    assert_true(weir_id_keys_read(path, &second, &error));
    assert_memory_equal(&first, &second, sizeof first);
    unlink(path);
    assert_true(weir_id_keys_make(path, NULL, &error));
    assert_true(weir_id_keys_read(path, &second, &error));
    assert_memory_not_equal(first.key, second.key, WEIR_ID_KEY_BYTES);
}

static void test_draft_of_a_crash_is_in_nobodys_way(void **state)
{
    (void)state;
    struct weir_id_keys keys;
    struct error error = {0};
    char left[128];
    unlink(path);
    snprintf(left, sizeof left, "%s.%ld", path, (long)getpid());
    FILE *file = fopen(left, "w");
    assert_non_null(file);
    fclose(file);
    bool made = weir_id_keys_make(path, NULL, &error);
    unlink(left);
    assert_true(made);
    assert_true(weir_id_keys_read(path, &keys, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tag_is_siphash_2_4_128),
        cmocka_unit_test(test_every_changed_character_is_noticed),
        cmocka_unit_test(test_blanks_around_and_capitals_do_not_matter),
        cmocka_unit_test(test_what_has_not_the_form_is_no_id),
        cmocka_unit_test(test_second_key_verifies_and_first_signs),
        cmocka_unit_test(test_key_file_may_have_comments_and_two_keys),
        cmocka_unit_test(test_bad_key_files_are_named_with_their_line),
        cmocka_unit_test(test_draft_of_a_crash_is_in_nobodys_way),
        cmocka_unit_test(test_made_key_is_private_random_and_never_overwritten),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
