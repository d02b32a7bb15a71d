#include "core/feed_date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static void expect(const char *text, int64_t wanted)
{
    int64_t time_s;
    if (!feed_date_read(span_of(text), &time_s))
        fail_msg("\"%s\" is no date", text);
    if (time_s != wanted)
        fail_msg("\"%s\" is %lld, not %lld", text, (long long)time_s, (long long)wanted);
}

static void test_dates_of_rfc_822_are_read(void **state)
{
    (void)state;
    expect("Thu, 01 Jan 2004 19:48:21 GMT", 1072986501);
    expect("Thu, 1 Jan 2004 19:48:21 +0000", 1072986501);
    expect("01 Jan 2004 19:48:21", 1072986501);
    expect("Thursday, 01 January 2004 19:48:21 Z", 1072986501);
    expect("Thu, 01 Jan 04 19:48:21 GMT", 1072986501);
    expect("Thu, 01 Jan 2004 14:48:21 EST", 1072986501);
    expect("Thu, 01 Jan 2004 20:48:21 +01:00", 1072986501);
    expect("Thu, 01 Jan 2004 20:48:21 GMT+0100", 1072986501);
    expect("Thu, 1 Jan 2004 20:48:21 +0100 (CST)", 1072986501);
    expect("Thu, 01 Jan 2004 11:48:21 -0800", 1072986501);
    expect("Thu Jan  1 19:48:21 2004", 1072986501);
    expect("Thu Jan  1 14:48:21 EST 2004", 1072986501);
    expect("Thu, 01 Jan 2004 07:48:21 PM GMT", 1072986501);
    expect("Thu, 01-Jan-2004 19:48:21 GMT", 1072986501);
    expect("Thu, 01 Jan 2004 19:48 GMT", 1072986480);
    expect("January 1, 2004", 1072915200);
    expect("1st Jan 2004", 1072915200);
    expect("Jan 2004", 1072915200);
    expect("Thu, 01 Jan 70 00:00:00 GMT", 0);
    expect("Wed, 31 Dec 1969 23:59:59 GMT", -1);
}

static void test_dates_of_rfc_3339_and_iso_8601_are_read(void **state)
{
    (void)state;
    expect("2003-12-31T10:14:55Z", 1072865695);
    expect("2003-12-31t10:14:55z", 1072865695);
    expect("2003-12-31T10:14:55.123456Z", 1072865695);
    expect("2003-12-31T18:14:55+08:00", 1072865695);
    expect("2003-12-31T02:14:55-08:00", 1072865695);
    expect("2003-12-31T18:14:55+0800", 1072865695);
    expect("2003-12-31 10:14:55", 1072865695);
    expect("2003-12-31 10:14:55.0", 1072865695);
    expect("2003-12-31T10:14Z", 1072865640);
    expect("2003-12-31", 1072828800);
    expect("2003-12", 1070236800);
    expect("2003", 1041379200);
    expect("20031231", 1072828800);
    expect("20031231T101455Z", 1072865695);
    expect("2003-365", 1072828800);
    expect("2003365", 1072828800);
    expect("2003/12/31", 1072828800);
    expect("2004-02-29T00:00:00Z", 1078012800);
}

static void test_dates_in_other_languages_are_read(void **state)
{
    (void)state;
    expect("Κυρ, 11 Ιούλ 2004 12:00:00 EST", 1089565200);
    expect("2004-július-13T9:15-05:00", 1089728100);
    expect("2004년 05월 28일  01:31:15", 1085675475);
    expect("2004-05-25 오후 11:23:17", 1085494997);
    expect("2004年5月28日 01:31:15", 1085707875);
    expect("mar., 06 avr. 2004 00:00:00 +0000", 1081209600);
    expect("Вт, 06 апр 2004 00:00:00 +0000", 1081209600);
    expect("06. März 2004", 1078531200);
    expect("6.3.2004", 1078531200);
    expect("3/6/2004", 1078531200);
    expect("23/6/2004", 1087948800);
}

static void test_what_is_no_date_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "yesterday",
        "Thu, 32 Jan 2004 19:48:21 GMT",
        "Tue, 29 Feb 2005 00:00:00 GMT",
        "Thu, 01 Jan 2004 25:00:00 GMT",
        "Thu, 01 Jan 2004 10:61:00 GMT",
        "2003-13-31",
        "2003-12-00",
        "2003-366",
        "10:14:55",
        "5 Jan",
        "99999999999999999999",
        "1 2 3 4 5 6",
        "0000-00-00 00:00:00",
        "Thu, 01 Jan 2004 19:48:21 19:48:21",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int64_t time_s;
        if (feed_date_read(span_of(wrong[i]), &time_s))
            fail_msg("\"%s\" is %lld", wrong[i], (long long)time_s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates_of_rfc_822_are_read),
        cmocka_unit_test(test_dates_of_rfc_3339_and_iso_8601_are_read),
        cmocka_unit_test(test_dates_in_other_languages_are_read),
        cmocka_unit_test(test_what_is_no_date_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
