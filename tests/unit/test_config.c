#include "config_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_values_are_taken(void **state)
{
    (void)state;
    struct config *config = accepted("gateway = mx1\n"
                                     "counts = \"redis://127.0.0.1:1/2\"\n"
                                     "counts-timeout = 2s\n"
                                     "cold-lessons = 7\n"
                                     "thresholds { tag = 0.5 hold = 0.9 reject = 0.999 }\n"
                                     "milter { size-limit = 2M mode = enforce "
                                     "when-stopping = tempfail socket = \"unix:/x\" }\n"
                                     "feedfilter { mode = enforce }\n"
                                     "release { requeue-after = 2h gone-after = 1m }\n"
                                     "log { level = debug }\n");
    assert_string_equal(config->gateway, "mx1");
    assert_string_equal(config->counts_url, "redis://127.0.0.1:1/2");
    assert_int_equal(config->counts_timeout_ms, 2000);
    assert_int_equal(config->cold_lessons, 7);
    assert_true(config->thresholds.tag == 0.5 && config->thresholds.hold == 0.9 &&
                config->thresholds.reject == 0.999);
    assert_int_equal(config->milter.size_limit_bytes, 2 << 20);
    assert_int_equal(config->milter.mode, MODE_ENFORCE);
    assert_int_equal(config->milter.when_stopping, WHEN_STOPPING_TEMPFAIL);
    assert_string_equal(config->milter.socket, "unix:/x");
    assert_int_equal(config->feedfilter.mode, MODE_ENFORCE);
    assert_int_equal(config->release.requeue_after_s, 7200);
    assert_int_equal(config->release.gone_after_s, 60);
    assert_int_equal(config->log_level, LOG_LEVEL_DEBUG);
    config_release(config);
}

static void test_default_modes_act_on_nothing(void **state)
{
    (void)state;
    struct config *config = accepted("");
    assert_int_equal(config->milter.mode, MODE_OBSERVE);
    assert_int_equal(config->feedfilter.mode, MODE_OBSERVE);
    assert_true(config->thresholds.reject > 1);
    config_release(config);
}

static void test_journal_is_beside_the_records(void **state)
{
    (void)state;
    struct config *config = accepted("records { mail = \"/a/mail.db\"\n feeds = \"/b/feeds\" }");
    assert_string_equal(config->journal.mail, "/a/mail.journal");
    assert_string_equal(config->journal.feeds, "/b/feeds.journal");
    config_release(config);
}

static void test_journal_is_where_it_is_said_to_be(void **state)
{
    (void)state;
    struct config *config = accepted("journal { mail = \"/a/j\"\n feeds = \"/b/j\"\n"
                                     "size-limit = 2M\n resend-window = 90s }");
    assert_string_equal(config->journal.mail, "/a/j");
    assert_string_equal(config->journal.feeds, "/b/j");
    assert_int_equal(config->journal.size_limit_bytes, 2 << 20);
    assert_int_equal(config->journal.resend_window_s, 90);
    config_release(config);
}

static void assert_same(const struct config *a, const struct config *b)
{
    assert_string_equal(a->gateway, b->gateway);
    assert_string_equal(a->counts_url, b->counts_url);
    assert_int_equal(a->counts_timeout_ms, b->counts_timeout_ms);
    assert_string_equal(a->counts_prefix, b->counts_prefix);
    assert_int_equal(a->gather_deadline_ms, b->gather_deadline_ms);
    assert_int_equal(a->cold_lessons, b->cold_lessons);
    assert_string_equal(a->records_mail, b->records_mail);
    assert_string_equal(a->records_feeds, b->records_feeds);
    assert_string_equal(a->journal.mail, b->journal.mail);
    assert_string_equal(a->journal.feeds, b->journal.feeds);
    assert_int_equal(a->journal.size_limit_bytes, b->journal.size_limit_bytes);
    assert_int_equal(a->journal.resend_window_s, b->journal.resend_window_s);
    assert_memory_equal(&a->thresholds, &b->thresholds, sizeof a->thresholds);
    assert_int_equal(a->internal_network_count, b->internal_network_count);
    assert_int_equal(a->checks.count, b->checks.count);
    assert_memory_equal(a->checks.weights, b->checks.weights, a->checks.count * sizeof(double));
    assert_string_equal(a->milter.socket, b->milter.socket);
    assert_int_equal(a->milter.mode, b->milter.mode);
    assert_int_equal(a->milter.size_limit_bytes, b->milter.size_limit_bytes);
    assert_string_equal(a->milter.key_file, b->milter.key_file);
    assert_int_equal(a->milter.when_stopping, b->milter.when_stopping);
    assert_int_equal(a->feedfilter.mode, b->feedfilter.mode);
    assert_string_equal(a->feedfilter.listen, b->feedfilter.listen);
    assert_string_equal(a->feedfilter.public_url, b->feedfilter.public_url);
    assert_string_equal(a->feedfilter.cache, b->feedfilter.cache);
    assert_int_equal(a->feedfilter.cache_size_bytes, b->feedfilter.cache_size_bytes);
    assert_int_equal(a->feedfilter.size_limit_bytes, b->feedfilter.size_limit_bytes);
    assert_int_equal(a->feedfilter.fetch_timeout_ms, b->feedfilter.fetch_timeout_ms);
    assert_int_equal(a->feedfilter.redirects, b->feedfilter.redirects);
    assert_string_equal(a->feedfilter.websub_url, b->feedfilter.websub_url);
    assert_int_equal(a->feedfilter.fetches, b->feedfilter.fetches);
    assert_int_equal(a->feedfilter.host_fetches, b->feedfilter.host_fetches);
    assert_int_equal(a->feedfilter.host_spacing_ms, b->feedfilter.host_spacing_ms);
    assert_int_equal(a->feedfilter.connections, b->feedfilter.connections);
    assert_int_equal(a->feedfilter.request_timeout_ms, b->feedfilter.request_timeout_ms);
    assert_int_equal(a->feedfilter.poll_s, b->feedfilter.poll_s);
    assert_int_equal(a->feedfilter.poll_min_s, b->feedfilter.poll_min_s);
    assert_int_equal(a->feedfilter.poll_max_s, b->feedfilter.poll_max_s);
    assert_int_equal(a->feedfilter.put_back_s, b->feedfilter.put_back_s);
    assert_int_equal(a->feedfilter.upstream_network_count, b->feedfilter.upstream_network_count);
    assert_int_equal(a->subscription_count, b->subscription_count);
    assert_int_equal(a->release.requeue_after_s, b->release.requeue_after_s);
    assert_int_equal(a->release.poll_ms, b->release.poll_ms);
    assert_int_equal(a->release.gone_after_s, b->release.gone_after_s);
    assert_string_equal(a->release.preview, b->release.preview);
    assert_string_equal(a->console.listen, b->console.listen);
    assert_string_equal(a->console.public_url, b->console.public_url);
    assert_string_equal(a->console.users, b->console.users);
    assert_int_equal(a->log_level, b->log_level);
}

static void test_the_shipped_file_says_what_is_compiled_in(void **state)
{
    (void)state;
    struct error error = {0};
    char shipped[512];
    const char *source = getenv("WEIR_SOURCE");
    snprintf(shipped, sizeof shipped, "%s/conf/weir.conf", source ? source : ".");
    struct config *read = config_read(shipped, &error);
    if (!read)
        fail_msg("%s", error.message);
    struct config *defaults = config_defaults();
    assert_same(read, defaults);
    config_release(read);
    config_release(defaults);
}

static void test_an_unknown_key_is_refused(void **state)
{
    (void)state;
    refused("\nquarantine = yes\n", "2: no such option 'quarantine'");
    refused("milter {\n\n  size = 3\n}\n", "3: milter: no such option 'size'");
}

static void test_a_threshold_is_a_probability_or_never(void **state)
{
    (void)state;
    refused("thresholds {\n hold = 1.7\n}\n",
            "2: thresholds.hold: 1.7 is not a probability (0 to 1)");
    refused("thresholds { tag = high }",
            "1: thresholds.tag: \"high\" is neither a number nor \"never\"");
    refused("thresholds { tag = nan }",
            "1: thresholds.tag: \"nan\" is neither a number nor \"never\"");
    struct config *config = accepted("thresholds { hold = never }");
    assert_true(config->thresholds.hold > 1);
    config_release(config);
}

static void test_a_share_is_from_zero_to_one(void **state)
{
    (void)state;
    refused("learning {\n share = 25\n}\n", "2: learning.share: 25 is no share (0 to 1)");
    refused("learning { share = -0.1 }", "1: learning.share: -0.1 is no share (0 to 1)");
    refused("learning { share = never }", "1: learning.share: \"never\" is not a number");
    struct config *config = accepted("");
    assert_true(config->reputations.source_share == 0.25);
    config_release(config);
    config = accepted("learning { share = 1 }");
    assert_true(config->reputations.source_share == 1);
    config_release(config);
}

static void test_mistyped_values_are_refused(void **state)
{
    (void)state;
    refused("counts-timeout = 500\n", "1: counts-timeout: \"500\" is not a duration: a number and "
                                      "ms, s, m, h or d, as in 500ms or 10m");
    refused("milter { size-limit = 12Q }", "1: milter.size-limit: \"12Q\" is not a size: a number "
                                           "of bytes, or with k or M behind it");
    refused("milter { size-limit = 9999M }", "1: milter.size-limit: 9999M is out of range");
    refused("milter { mode = on }", "1: milter.mode: \"on\" is neither observe nor enforce");
    refused("feedfilter { deduplicate = yes }",
            "1: feedfilter.deduplicate: \"yes\" is none of off, category and all");
    refused("milter { when-stopping = wait }",
            "1: milter.when-stopping: \"wait\" is neither accept nor tempfail");
    refused("milter { socket = \"8891\" }",
            "1: milter.socket: \"8891\" is no socket: inet:address:port or unix:/path");
    refused("records { mail = \"mail.db\" }", "1: records.mail: \"mail.db\" is no absolute path");
    refused("cold-lessons = few", "1: cold-lessons: \"few\" is not a whole number");
    refused("gateway = \"a b\"", "1: gateway: a blank in \"a b\"");
    refused("log { level = loud }",
            "1: log.level: \"loud\" is none of error, warning, notice, info, debug");
}

static void test_a_counts_url_is_looked_at_without_showing_its_password(void **state)
{
    (void)state;
    struct error error = {0};
    write_file(config_file_path, "\ncounts = \"mysql://ann:hunter2@host/\"\n");
    assert_null(config_read(config_file_path, &error));
    assert_non_null(strstr(error.message, "weir.conf:2: counts: "));
    assert_null(strstr(error.message, "hunter2"));
}

static void test_broken_syntax_is_refused_with_its_line(void **state)
{
    (void)state;
    refused("thresholds = 3\n", "1: missing opening brace for section 'thresholds'");
    refused("\nlog { level = \"info", "2: the brace is not closed");
}

static void test_a_file_that_is_not_whole_is_refused(void **state)
{
    (void)state;
    refused("\nmilter {\n mode = enforce\n", "2: the brace is not closed");
    refused("\n\n/* milter { }\n", "3: the comment is not closed");
    config_release(accepted("# {\ngateway = \"{\" // {\n/* { */ milter { }\n"));
}

static void test_a_port_is_from_1_to_65535(void **state)
{
    (void)state;
    refused("milter { socket = \"inet:127.0.0.1:99999\" }",
            "1: milter.socket: \"inet:127.0.0.1:99999\" has no port from 1 to 65535");
    refused("milter { socket = \"inet:0@127.0.0.1\" }",
            "1: milter.socket: \"inet:0@127.0.0.1\" has no port from 1 to 65535");
    config_release(accepted("milter { socket = \"inet:8891@127.0.0.1\" }"));
}

static void test_a_check_can_be_weighed_anew_and_disabled(void **state)
{
    (void)state;
    struct config *config = accepted("check \"LINK_FARM\" { log-odds = -3.5 }\n"
                                     "check \"TITLE_STUFFED\" { enabled = false }\n");
    assert_true(config->checks.weights[checks_find("LINK_FARM")] == -3.5);
    assert_true(config->checks.weights[checks_find("TITLE_STUFFED")] == 0);
    config_release(config);
}

static void test_an_unknown_check_is_refused(void **state)
{
    (void)state;
    refused("\ncheck \"LINK_FRAM\" { log-odds = 2 }\n",
            "2: check: there is no check \"LINK_FRAM\"");
    refused("check \"LINK_FARM\" { log-odds = 200 }\n",
            "1: check \"LINK_FARM\".log-odds: 200 is out of range (-20 to 20)");
}

static void test_an_error_in_an_included_file_names_that_file(void **state)
{
    (void)state;
    char other[160], text[256], expected[512];
    struct error error = {0};
    snprintf(other, sizeof other, "%s/other.conf", config_file_folder);
    snprintf(text, sizeof text, "\ninclude(\"%s\")\n", other);
    write_file(other, "\nlog {\n level = loud\n}\n");
    write_file(config_file_path, text);
    assert_null(config_read(config_file_path, &error));
    unlink(other);
    snprintf(expected, sizeof expected, "%s:3: log.level: ", other);
    assert_memory_equal(error.message, expected, strlen(expected));
}

static void test_a_folder_or_missing_file_cannot_be_read(void **state)
{
    (void)state;
    struct error error = {0};
    assert_null(config_read(config_file_folder, &error));
    assert_int_equal(error.class, ERROR_SYSTEM);
    unlink(config_file_path);
    assert_null(config_read(config_file_path, &error));
    assert_int_equal(error.class, ERROR_SYSTEM);
    assert_non_null(strstr(error.message, config_file_path));
}

/* The one warning that `text` is accepted with; empty: none. */
static const char *warned(const char *text)
{
    static char said[400];
    struct config *config = accepted(text);
    assert_true(config->warning_count <= 1);
    snprintf(said, sizeof said, "%s", config->warning_count ? config->warnings[0] : "");
    config_release(config);
    size_t length = strlen(config_file_path);
    return strncmp(said, config_file_path, length) ? said : said + length;
}

static void test_lists_of_domains_are_read_and_bad_lines_warned_of(void **state)
{
    (void)state;
    char text[600], list[200], expected[400];
    snprintf(list, sizeof list, "%s/providers", config_file_folder);
    write_file(list, "# ours\nprovider.example\nno domain\nshort\n");
    snprintf(text, sizeof text,
             "identities { mail-providers = \"%s\"\n url-shorteners = \"\"\n"
             "trusted-authserv-ids = {\"mx1.example.org\", \"MX2\"} }",
             list);
    struct config *config = accepted(text);
    assert_true(domain_list_has(config->identities.mail_providers, SPAN("provider.example")));
    assert_false(domain_list_has(config->identities.url_shorteners, SPAN("bit.ly")));
    assert_int_equal(config->identities.trusted_authserv_id_count, 2);
    assert_string_equal(config->identities.trusted_authserv_ids[1], "MX2");
    assert_int_equal(config->warning_count, 2);
    snprintf(expected, sizeof expected, "%s:3: \"no domain\" is no domain", list);
    assert_string_equal(config->warnings[0], expected);
    snprintf(expected, sizeof expected, "%s:4: \"short\" is no domain: it has no dot", list);
    assert_string_equal(config->warnings[1], expected);
    config_release(config);
    unlink(list);
}

static void test_a_list_of_nothing_but_bad_lines_is_not_told_line_by_line(void **state)
{
    (void)state;
    char text[600], list[200];
    snprintf(list, sizeof list, "%s/providers", config_file_folder);
    char many[401] = "";
    for (size_t i = 0; i < 400; i += 2)
        memcpy(many + i, "x\n", 3);
    write_file(list, many);
    snprintf(text, sizeof text, "identities { url-shorteners = \"%s\" }", list);
    struct config *config = accepted(text);
    assert_int_equal(config->warning_count, 21);
    assert_non_null(strstr(config->warnings[20], "providers:21: and more of that kind"));
    config_release(config);
    unlink(list);
}

static void test_a_list_or_database_that_is_missing_is_warned_of(void **state)
{
    (void)state;
    assert_string_equal(warned("identities { mail-providers = \"/nowhere\" }"),
                        ":1: identities.mail-providers: /nowhere: No such file or directory");
    assert_non_null(strstr(warned("identities { asn-database = \"/nowhere\" }"),
                           "identities.asn-database: /nowhere: "));
    assert_string_equal(warned("identities { asn-database = \"\" }"), "");
}

static void test_a_damaged_database_is_one_warning_and_no_error(void **state)
{
    (void)state;
    char text[300], expected[300], path[200];
    snprintf(path, sizeof path, "%s/asn", config_file_folder);
    write_file(path, "no database");
    snprintf(text, sizeof text, "identities { asn-database = \"%s\" }", path);
    snprintf(expected, sizeof expected,
             ":1: identities.asn-database: %s/asn: ", config_file_folder);
    const char *said = warned(text);
    assert_int_equal(strncmp(said, expected, strlen(expected)), 0);
    unlink(path);
}

static void test_authserv_ids_that_cannot_be_are_refused(void **state)
{
    (void)state;
    refused("identities { trusted-authserv-ids = {\"mx example\"} }",
            "1: identities.trusted-authserv-ids: a blank in \"mx example\"");
    refused("identities { trusted-authserv-ids = {\"\"} }",
            "1: identities.trusted-authserv-ids: an authserv-id has 1 to 255 characters");
}

static void test_an_undo_longer_than_anything_is_kept_is_warned_of(void **state)
{
    (void)state;
    assert_string_equal(
        warned("held { keep = 1d undo = 2d }"),
        ":1: held.undo: is longer than keep: what is deleted stays longer than what "
        "nobody decided about");
    assert_string_equal(warned("held { keep = 2d undo = 2d }"), "");
}

static void test_a_secret_that_everybody_may_read_is_warned_of(void **state)
{
    (void)state;
    static const char *const secrets[][2] = {
        {"feed \"a\" { url = \"http://x\" user = u\npassword = pw }",
         ":2: feed \"a\".password: a secret in a file that everybody may read"},
        {"feed \"a\" { url = \"http://u:pw@x\" }",
         ":1: feed \"a\".url: a secret in a file that everybody may read"},
        {"feed \"a\" { url = \"http://x\" headers = {\"cookie: a=b\"} }",
         ":1: feed \"a\".headers: a secret in a file that everybody may read"},
        {"counts = \"redis://u:pw@localhost\"",
         ":1: counts: a secret in a file that everybody may read"},
    };
    write_file(config_file_path, "");
    assert_int_equal(chmod(config_file_path, 0644), 0);
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        assert_string_equal(warned(secrets[i][0]), secrets[i][1]);
    assert_string_equal(warned("feed \"a\" { url = \"http://x/?a@b\" }"), "");
    assert_int_equal(chmod(config_file_path, 0640), 0);
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        assert_string_equal(warned(secrets[i][0]), "");
    assert_int_equal(chmod(config_file_path, 0644), 0);
}

static void test_a_variable_that_is_not_set_is_warned_of(void **state)
{
    (void)state;
    unsetenv("WEIR_TEST_NAME");
    assert_string_equal(
        warned("\ngateway = \"mx${WEIR_TEST_NAME}\""),
        ":2: ${WEIR_TEST_NAME} is not set in the environment and stands for nothing");
    assert_string_equal(warned("gateway = \"mx${WEIR_TEST_NAME:-1}\""), "");
    assert_string_equal(warned("gateway = 'mx${WEIR_TEST_NAME}'"), "");
    assert_string_equal(warned("# \"${WEIR_TEST_NAME}\""), "");
    setenv("WEIR_TEST_NAME", "1", 1);
    assert_string_equal(warned("gateway = \"mx${WEIR_TEST_NAME}\""), "");
    unsetenv("WEIR_TEST_NAME");
}

static void test_a_threshold_that_another_hides_is_warned_of(void **state)
{
    (void)state;
    assert_string_equal(warned("thresholds { tag = 0.9 hold = 0.5 }"),
                        ":1: thresholds.tag: is more than hold, so there will be none of it");
    assert_string_equal(warned("thresholds { tag = never hold = 0.5 }"), "");
    assert_string_equal(warned("thresholds { tag = 0.5 hold = 0.5 reject = 0.99 }"), "");
}

static void test_one_file_for_both_fronts_is_refused(void **state)
{
    (void)state;
    refused("records { mail = /a feeds = /a }", "1: records.feeds: is that of mail too");
    refused("journal { mail = /a feeds = /a }", "1: journal.feeds: is that of mail too");
}

static void test_a_cache_that_is_a_file_is_refused(void **state)
{
    (void)state;
    char text[200];
    snprintf(text, sizeof text, "feedfilter { cache = \"%s\" }", config_file_path);
    refused(text, "1: feedfilter.cache: is no directory");
}

static void test_internal_networks_hold_their_addresses_only(void **state)
{
    (void)state;
    struct config *config = accepted("networks { internal = {\"192.0.2.128/25\", \"10.0.0.0/8\","
                                     " \"2001:db8::/33\"} }");
    assert_true(config_is_internal(config, "192.0.2.200"));
    assert_false(config_is_internal(config, "192.0.2.100"));
    assert_true(config_is_internal(config, "10.255.0.1"));
    assert_true(config_is_internal(config, "IPv6:2001:db8:7fff::1"));
    assert_false(config_is_internal(config, "2001:db8:8000::1"));
    assert_false(config_is_internal(config, "unknown"));
    assert_false(config_is_internal(config, "10.0.0.0/8"));
    config_release(config);
}

static void test_what_is_no_network_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"192.0.2.0/33", "192.0.2/24", "192.0.2.0/",
                                        "::/129",       "host",       "192.0.2.0/-1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[128], complaint[256];
        snprintf(text, sizeof text, "networks { internal = {\"%s\"} }", wrong[i]);
        snprintf(complaint, sizeof complaint,
                 "1: networks.internal: \"%s\" is no network, as 192.0.2.0/24 is one", wrong[i]);
        refused(text, complaint);
    }
}

static void test_a_retained_configuration_outlives_its_first_owner(void **state)
{
    (void)state;
    struct config *config = accepted("gateway = kept");
    struct config *other = config_retain(config);
    config_release(config);
    assert_string_equal(other->gateway, "kept");
    config_release(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_taken),
        cmocka_unit_test(test_default_modes_act_on_nothing),
        cmocka_unit_test(test_journal_is_beside_the_records),
        cmocka_unit_test(test_journal_is_where_it_is_said_to_be),
        cmocka_unit_test(test_the_shipped_file_says_what_is_compiled_in),
        cmocka_unit_test(test_an_unknown_key_is_refused),
        cmocka_unit_test(test_a_threshold_is_a_probability_or_never),
        cmocka_unit_test(test_a_share_is_from_zero_to_one),
        cmocka_unit_test(test_mistyped_values_are_refused),
        cmocka_unit_test(test_a_counts_url_is_looked_at_without_showing_its_password),
        cmocka_unit_test(test_broken_syntax_is_refused_with_its_line),
        cmocka_unit_test(test_a_file_that_is_not_whole_is_refused),
        cmocka_unit_test(test_a_port_is_from_1_to_65535),
        cmocka_unit_test(test_a_check_can_be_weighed_anew_and_disabled),
        cmocka_unit_test(test_an_unknown_check_is_refused),
        cmocka_unit_test(test_an_error_in_an_included_file_names_that_file),
        cmocka_unit_test(test_a_folder_or_missing_file_cannot_be_read),
        cmocka_unit_test(test_lists_of_domains_are_read_and_bad_lines_warned_of),
        cmocka_unit_test(test_a_list_of_nothing_but_bad_lines_is_not_told_line_by_line),
        cmocka_unit_test(test_a_list_or_database_that_is_missing_is_warned_of),
        cmocka_unit_test(test_a_damaged_database_is_one_warning_and_no_error),
        cmocka_unit_test(test_authserv_ids_that_cannot_be_are_refused),
        cmocka_unit_test(test_an_undo_longer_than_anything_is_kept_is_warned_of),
        cmocka_unit_test(test_a_secret_that_everybody_may_read_is_warned_of),
        cmocka_unit_test(test_a_variable_that_is_not_set_is_warned_of),
        cmocka_unit_test(test_a_threshold_that_another_hides_is_warned_of),
        cmocka_unit_test(test_one_file_for_both_fronts_is_refused),
        cmocka_unit_test(test_a_cache_that_is_a_file_is_refused),
        cmocka_unit_test(test_internal_networks_hold_their_addresses_only),
        cmocka_unit_test(test_what_is_no_network_is_refused),
        cmocka_unit_test(test_a_retained_configuration_outlives_its_first_owner),
    };
    return cmocka_run_group_tests(tests, config_file_set_up, config_file_tear_down);
}
