#include "config_file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void test_a_subscription_has_what_the_file_says(void **state)
{
    (void)state;
    struct config *config = accepted("feed \"planet\" {\n"
                                     "  url = \"https://planet.example/atom.xml?a=1&b=2\"\n"
                                     "  mode = tag\n"
                                     "  user-agent = \"Reader/1\"\n"
                                     "  headers = {\"Accept-Language: fi\", \"X-Key: 1\"}\n"
                                     "  user = ann password = \"a:b c\"\n"
                                     "  proxy = \"socks5h://127.0.0.1:9050\"\n"
                                     "}\n"
                                     "feed \"comments\" { url = \"HTTP://c.example\" }\n");
    assert_int_equal(config->subscription_count, 2);
    const struct subscription_config *planet = &config->subscriptions[0];
    assert_string_equal(planet->name, "planet");
    assert_string_equal(planet->url, "https://planet.example/atom.xml?a=1&b=2");
    assert_int_equal(planet->mode, FEED_TAG);
    assert_string_equal(planet->user_agent, "Reader/1");
    assert_int_equal(planet->header_count, 2);
    assert_string_equal(planet->headers[1], "X-Key: 1");
    assert_string_equal(planet->user, "ann");
    assert_string_equal(planet->password, "a:b c");
    assert_string_equal(planet->proxy, "socks5h://127.0.0.1:9050");
    const struct subscription_config *comments = &config->subscriptions[1];
    assert_string_equal(comments->url, "HTTP://c.example");
    assert_int_equal(comments->mode, FEED_HOLD);
    assert_string_equal(comments->user_agent, SUBSCRIPTION_USER_AGENT);
    assert_null(comments->user);
    assert_null(comments->proxy);
    config_release(config);
}

static void test_credentials_leave_the_url(void **state)
{
    (void)state;
    struct config *config = accepted("feed \"a\" { url = \"https://ann:p%40ss%2fw@host:81/x@y\" }\n"
                                     "feed \"b\" { url = \"https://bob@host\" }\n"
                                     "feed \"c\" { url = \"https://host/ann:pass@x\" }");
    assert_string_equal(config->subscriptions[0].url, "https://host:81/x@y");
    assert_string_equal(config->subscriptions[0].user, "ann");
    assert_string_equal(config->subscriptions[0].password, "p@ss/w");
    assert_string_equal(config->subscriptions[1].url, "https://host");
    assert_string_equal(config->subscriptions[1].user, "bob");
    assert_string_equal(config->subscriptions[1].password, "");
    assert_string_equal(config->subscriptions[2].url, "https://host/ann:pass@x");
    assert_null(config->subscriptions[2].user);
    config_release(config);
}

static void test_a_name_is_one_path_segment(void **state)
{
    (void)state;
    refused("feed \"a/b\" { url = \"http://x.example\" }",
            "1: feed: \"a/b\" is no name: 1 to 64 letters, digits, '.', '_' or '-'");
    refused("feed \"..\" { url = \"http://x.example\" }",
            "1: feed: \"..\" is no name: 1 to 64 letters, digits, '.', '_' or '-'");
    refused("feed \"\" { url = \"http://x.example\" }",
            "1: feed: \"\" is no name: 1 to 64 letters, digits, '.', '_' or '-'");
    config_release(accepted("feed \"A.b_c-9\" { url = \"http://x.example\" }"));
}

static void test_hosts_and_ports_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const char *const ports[] = {"http://x.example:0/", "http://x.example:99999/",
                                        "http://x.example:/", "http://x.example:8o/",
                                        "http://[::1]:70000/"};
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
        char text[200];
        snprintf(text, sizeof text, "feed \"a\" { url = \"%s\" }", ports[i]);
        refused(text, "1: feed \"a\".url: has no port from 1 to 65535 behind its host");
    }
    refused("feed \"a\" { url = \"http://m\xc3\xbcller.example/\" }",
            "1: feed \"a\".url: names a host in letters that are not ASCII; write its xn-- form");
    refused("feed \"a\" { url = \"http://x\" proxy = \"http://p:0\" }",
            "1: feed \"a\".proxy: has no port from 1 to 65535 behind its host");
    config_release(accepted("feed \"a\" { url = \"http://[::1]:8080/:x\" }"));
}

static void test_headers_of_the_exchange_itself_are_refused(void **state)
{
    (void)state;
    refused("feed \"a\" { url = \"http://x\" headers = {\"A: b\", \"host: y\"} }",
            "1: feed \"a\".headers: host is weir's own to say");
}

static void test_the_feeds_file_is_the_servers(void **state)
{
    (void)state;
    char text[300], path[128];
    struct error error = {0};
    snprintf(path, sizeof path, "%s/feeds.conf", config_file_folder);
    write_file(path, "feed \"b\" { url = \"http://ann:pw@b.example/\" }\n");
    snprintf(text, sizeof text,
             "feedfilter { feeds-file = \"%s\" }\n"
             "feed \"a\" { url = \"http://a.example/\" }\n",
             path);
    struct config *config = accepted(text);
    assert_int_equal(config->subscription_count, 1);
    config_release(config);
    config = config_read_with_feeds(config_file_path, &error);
    assert_non_null(config);
    assert_int_equal(config->subscription_count, 2);
    assert_string_equal(config->subscriptions[1].name, "b");
    assert_string_equal(config->subscriptions[1].password, "pw");
    config_release(config);

    write_file(path, "\nfeed \"b\" { url = \"ftp://b.example/\" }\n");
    assert_null(config_read_with_feeds(config_file_path, &error));
    assert_non_null(strstr(error.message, "feeds.conf:2: feed \"b\".url:"));
    write_file(path, "feed \"a\" { url = \"http://b.example/\" }\n");
    assert_null(config_read_with_feeds(config_file_path, &error));
    assert_non_null(strstr(error.message, "feed \"a\" is in the main configuration file too"));
    write_file(path, "gateway = x\n");
    assert_null(config_read_with_feeds(config_file_path, &error));
    unlink(path);
}

static void test_a_feeds_file_that_is_not_there_stops_the_server_alone(void **state)
{
    (void)state;
    struct error error = {0};
    config_release(accepted("feedfilter { feeds-file = \"/nowhere/feeds.conf\" }"));
    assert_null(config_read_with_feeds(config_file_path, &error));
    assert_non_null(strstr(error.message, "/nowhere/feeds.conf: cannot be read: "));
}

static void test_two_subscriptions_need_two_names(void **state)
{
    (void)state;
    refused("feed \"a\" { url = \"http://x.example\" }\n"
            "feed \"a\" { url = \"http://y.example\" }\n",
            "2: found duplicate title 'a'");
}

static void test_an_url_is_needed_and_never_shown(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "ftp://ann:hunter2@x.example/",  "x.example/hunter2",           "http://",
        "http://ann:hunter2@",           "https://x.example/a hunter2", "file:///hunter2",
        "javascript:alert('://hunter2')"};
    refused("feed \"a\" { }", "1: feed \"a\".url: is missing");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[200];
        snprintf(text, sizeof text, "feed \"a\" { url = \"%s\" }", wrong[i]);
        refused(text, "1: feed \"a\".url: is no http or https URL (blanks are written %20)");
    }
}

static void test_what_would_break_a_request_is_refused(void **state)
{
    (void)state;
    refused("feed \"a\" { url = \"http://x.example\" headers = {\"Good: 1\", \"hunter2\"} }",
            "1: feed \"a\".headers: the one behind others is no header, as \"Name: value\" is one");
    refused("feed \"a\" { url = \"http://x.example\" headers = {\"X y: 1\"} }",
            "1: feed \"a\".headers: the first is no header, as \"Name: value\" is one");
    refused("feed \"a\" { url = \"http://x.example\" user-agent = \"a\\nb\" }",
            "1: feed \"a\".user-agent: must be one line");
    refused("feed \"a\" { url = \"http://x.example\" password = hunter2 }",
            "1: feed \"a\".password: there is no user with it");
    refused("feed \"a\" { url = \"http://u@x.example\" user = ann }",
            "1: feed \"a\".user: the url names one already");
    refused(
        "feed \"a\" { url = \"http://x.example\" proxy = \"ann:hunter2@host\" }",
        "1: feed \"a\".proxy: is no proxy's URL: http, https, socks5 or socks5h, host and port");
    refused("feed \"a\" { url = \"http://x.example\" mode = drop }",
            "1: feed \"a\".mode: \"drop\" is none of hold, tag, pass");
}

static void test_where_the_server_listens_is_an_address_and_a_port(void **state)
{
    (void)state;
    static const char *const wrong[] = {"8092",  "localhost:8092", "::1:8092", "[127.0.0.1]:8092",
                                        "[::1]", "127.0.0.1/8:80", ""};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[100], complaint[200];
        snprintf(text, sizeof text, "feedfilter { listen = \"%s\" }", wrong[i]);
        snprintf(complaint, sizeof complaint,
                 "1: feedfilter.listen: \"%s\" is no address and port, as 127.0.0.1:8092 or "
                 "[::1]:8092 is one",
                 wrong[i]);
        refused(text, complaint);
    }
    refused("feedfilter { listen = \"127.0.0.1:0\" }",
            "1: feedfilter.listen: \"127.0.0.1:0\" has no port from 1 to 65535");
    struct config *config = accepted("feedfilter { listen = \"[::1]:81\" }");
    assert_string_equal(config->feedfilter.listen, "[::1]:81");
    assert_string_equal(config->feedfilter.public_url, "http://[::1]:81");
    config_release(config);
}

static void test_the_servers_settings_are_taken(void **state)
{
    (void)state;
    struct config *config = accepted(
        "feedfilter { public-url = \"https://feeds.example/weir\" poll = 1500ms poll-min = "
        "1s poll-max = 2h put-back = 3d size-limit = 1M upstream-networks = "
        "{\"127.0.0.0/8\"} }");
    assert_string_equal(config->feedfilter.public_url, "https://feeds.example/weir");
    assert_int_equal(config->feedfilter.poll_s, 2);
    assert_int_equal(config->feedfilter.poll_min_s, 1);
    assert_int_equal(config->feedfilter.poll_max_s, 7200);
    assert_int_equal(config->feedfilter.put_back_s, 3 * 86400);
    assert_int_equal(config->feedfilter.size_limit_bytes, 1 << 20);
    struct network loopback;
    assert_true(network_parse("127.0.0.1", &loopback));
    assert_true(network_contains(config->feedfilter.upstream_networks,
                                 config->feedfilter.upstream_network_count, loopback.address));
    config_release(config);
}

static void test_settings_that_contradict_are_refused(void **state)
{
    (void)state;
    refused("feedfilter { poll-min = 2h poll-max = 1h }",
            "1: feedfilter.poll-min: is more than poll-max");
    refused("feedfilter { size-limit = 65M }", "1: feedfilter.size-limit: is more than 64 MiB");
    refused("feedfilter { fetches = 0 }", "1: feedfilter.fetches: is not from 1 to 1000");
    refused("feedfilter { host-fetches = 0 }", "1: feedfilter.host-fetches: is not from 1 to 1000");
    refused("feedfilter { connections = 0 }", "1: feedfilter.connections: is not from 1 to 10000");
    refused("feedfilter { public-url = \"http://x.example/\" }",
            "1: feedfilter.public-url: ends with a slash; leave it out");
    refused("feedfilter { public-url = \"feeds.example\" }",
            "1: feedfilter.public-url: is no plain http or https URL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_subscription_has_what_the_file_says),
        cmocka_unit_test(test_credentials_leave_the_url),
        cmocka_unit_test(test_a_name_is_one_path_segment),
        cmocka_unit_test(test_hosts_and_ports_that_cannot_be_are_refused),
        cmocka_unit_test(test_headers_of_the_exchange_itself_are_refused),
        cmocka_unit_test(test_the_feeds_file_is_the_servers),
        cmocka_unit_test(test_a_feeds_file_that_is_not_there_stops_the_server_alone),
        cmocka_unit_test(test_two_subscriptions_need_two_names),
        cmocka_unit_test(test_an_url_is_needed_and_never_shown),
        cmocka_unit_test(test_what_would_break_a_request_is_refused),
        cmocka_unit_test(test_where_the_server_listens_is_an_address_and_a_port),
        cmocka_unit_test(test_the_servers_settings_are_taken),
        cmocka_unit_test(test_settings_that_contradict_are_refused),
    };
    return cmocka_run_group_tests(tests, config_file_set_up, config_file_tear_down);
}
