#include "core/checks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "core/url.h"

typedef double check_function(const struct document *document, struct span *detail);

/* What the check says of the document, which is freed; the detail has to say something exactly when
 * the check fires. */
static double run(check_function *check, struct document *document)
{
    struct span detail = {NULL, 0};
    double strength = check(document, &detail);
    assert_true(strength >= 0 && strength <= 1);
    assert_int_equal(strength > 0, detail.length > 0);
    document_free(document);
    return strength;
}

static struct document *with_body(const char *body)
{
    struct document *document = document_new(CHANNEL_MAIL);
    document_add_text(document, TEXT_BODY, span_of(body), false);
    return document;
}

static struct document *with_title(const char *title)
{
    struct document *document = document_new(CHANNEL_FEED);
    document->subject = span_of(title);
    document_add_text(document, TEXT_SUBJECT, document->subject, false);
    return document;
}

/* An HTML document of anchors, `around` code points of other text. The host has a %zu for the
 * anchor's number, or none. */
static struct document *with_anchors(const char *host, const char *const *texts, size_t count,
                                     size_t around)
{
    struct document *document = document_new(CHANNEL_MAIL);
    document->html.visible = around;
    for (size_t i = 0; i < count; i++) {
        struct span number = arena_printf(document->arena, "%zu", i);
        const char *mark = strchr(host, '*');
        struct span url =
            mark ? arena_printf(document->arena, "http://%.*s%.*s%s/", (int)(mark - host), host,
                                SPAN_ARGS(number), mark + 1)
                 : arena_printf(document->arena, "http://%s/%.*s", host, SPAN_ARGS(number));
        document_add_link(document, url, span_of(texts[i]), true);
        document->html.visible += strlen(texts[i]);
        document->html.inside_links += strlen(texts[i]);
    }
    return document;
}

static const char *const keyword_anchors[] = {
    "cheap pills online", "buy pills cheap",  "online casino",    "casino slots free",
    "free slots",         "payday loan fast", "cheap loan",       "fast payday loan",
    "replica watches",    "cheap replica",    "watches online",   "free poker online",
    "poker casino",       "essay cheap",      "buy essay online", "cheap dating free",
};

static const char *const menu_anchors[] = {
    "Home",   "Archive", "Diary",   "Gardening", "Letters", "Recipes", "Weather", "Contact",
    "Events", "Members", "Library", "Privacy",   "Imprint", "Search",  "Help",    "Unsubscribe",
};

static const char *const headline_anchors[] = {
    "Why the gauge at the old pier reads three centimetres high",
    "Index files, or how I learned to close before I rename",
    "Harmonic constants of small estuaries, with a spreadsheet",
    "What the February storm did to the dunes, many pictures",
    "A kayak, a GPS, and an afternoon of wrong assumptions",
    "The pier opens again on the first of April, and no joke",
    "Solar panels for buoys: two years of numbers to look at",
    "The new release reads the station format of last summer",
    "Our cranes through the years, an exhibition in the lobby",
    "How the harbour office counts ships that come by night",
    "Four lighthouses that you can sleep in, and one you cannot",
    "Slack water, and why it is never at the time you expected",
    "Letters from readers: the best places for a winter picnic",
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char keyword_list[] =
    "国产在线观看 | 免费影视在线 | 欧美影视资源 | 国产影视免费 | 在线观看免费 | 高清影视观看 | "
    "亚洲影视在线 | 日韩影视免费 | 欧美高清观看 | 国产高清资源 | 亚洲高清免费 | 日韩在线观看 | "
    "影视资源下载 | 免费资源下载 | 高清资源下载 | 国产免费下载 | 在线资源观看 | 亚洲资源免费 | "
    "日韩高清影视 | 欧美免费影视 | 国产日韩在线 | 亚洲欧美高清 | 免费高清在线 | 影视在线下载";

/* --- LINK_FARM --- */

static void test_anchors_of_keywords_to_many_domains_are_a_farm(void **state)
{
    (void)state;
    struct document *document =
        with_anchors("farm*.test", keyword_anchors, COUNT(keyword_anchors), 10);
    assert_true(run(check_link_farm, document) > 0.5);
}

static void test_keyword_list_in_plain_text_is_a_farm(void **state)
{
    (void)state;
    assert_true(run(check_link_farm, with_body(keyword_list)) > 0.6);
}

static void test_keyword_list_behind_an_article_is_a_farm(void **state)
{
    (void)state;
    struct document *document = with_body("昨天图书馆开放了新的阅览室，读者可以预约座位。\n\n");
    document_add_text(document, TEXT_BODY, span_of(keyword_list), false);
    assert_true(run(check_link_farm, document) > 0.6);
}

static void test_menu_is_no_farm(void **state)
{
    (void)state;
    struct document *document =
        with_anchors("garden.example", menu_anchors, COUNT(menu_anchors), 400);
    assert_true(run(check_link_farm, document) == 0);
    assert_true(
        run(check_link_farm,
            with_body("Home | Archive | Diary | Gardening | Letters | Recipes | Weather | "
                      "Contact | Events | Members | Library | Privacy | Imprint | Search")) == 0);
}

static void test_digest_of_headlines_is_no_farm(void **state)
{
    (void)state;
    struct document *document =
        with_anchors("blog*.example", headline_anchors, COUNT(headline_anchors), 300);
    assert_true(run(check_link_farm, document) == 0);
}

static void test_short_mail_with_one_link_is_no_farm(void **state)
{
    (void)state;
    static const char *const text[] = {"https://photos.example/album"};
    assert_true(run(check_link_farm, with_anchors("photos.example", text, 1, 0)) == 0);
}

static void test_table_is_no_farm(void **state)
{
    (void)state;
    assert_true(run(check_link_farm,
                    with_body("| Station | Height | Time |\n| Quay | 4.12 | 06:10 |\n"
                              "| Pier | 4.30 | 06:14 |\n| Mole | 4.08 | 06:02 |\n"
                              "| Island | 3.91 | 05:48 |\n| Lock | 4.40 | 06:31 |\n"
                              "| Buoy | 3.77 | 05:31 |\n| Harbour | 4.21 | 06:12 |\n"
                              "| Bridge | 4.33 | 06:25 |\n| Ferry | 4.02 | 05:58 |\n")) == 0);
}

static void test_enumeration_is_no_farm(void **state)
{
    (void)state;
    assert_true(
        run(check_link_farm,
            with_body("参加会议的有北京、天津、河北、山西、辽宁、吉林、上海、江苏、浙江、安徽、"
                      "福建、江西、山东、河南、湖北、湖南、广东、海南、四川、贵州、云南、陕西、"
                      "甘肃、青海等地的代表。")) == 0);
}

/* --- TEXT_SPLICED --- */

static const char simplified_article[] =
    "训练大模型时，数字的精度决定了内存和带宽的开销。十年前大家用三十二位浮点数，后来是十六位，"
    "如今八位浮点正在进入正式的训练流程。位数减半，意味着同一块芯片每秒能做的乘法翻倍，显存也省下"
    "一半。难点是数值范围，梯度稍小就会变成零，稍大又会溢出。解决办法是分块缩放，把矩阵切成小块，"
    "每块有自己的缩放系数。累加仍然用更高的精度完成，最后再转换回来。";

static const char traditional_article[] =
    "人工智慧晶片的需求持續升溫，先進封裝成為供應鏈中最緊的一環。業者表示，目前產能利用率接近滿載，"
    "新廠要到明年下半年才能量產，客戶只好提前一年下單。隨著晶片面積愈來愈大，中介層的良率成為挑戰，"
    "任何一處微小的裂痕都可能讓整顆晶片報廢。設備商是主要的受惠者，今年的訂單已經全數售出，正在擴建"
    "無塵室並招募工程師。";

static struct document *two_bodies(const char *first, const char *second)
{
    struct document *document = with_body(first);
    document_add_text(document, TEXT_BODY, span_of(second), false);
    return document;
}

static void test_leftover_pinyin_is_spliced(void **state)
{
    (void)state;
    assert_true(
        run(check_text_spliced,
            with_body(
                "圖書館在國內(nèi)外都面臨人手不足的問題。最近我們走訪了東區的三家圖書館，看看"
                "它們怎樣用有限的人力服務(wù)更多的讀者。這些經(jīng)驗並不復(fù)"
                "雜，卻很少有人記錄下來。"
                "第一家圖書館開放於十年前，設計(jì)只有兩間教室大小，現(xiàn)在連手機(jī)"
                "上也能預約。")) > 0.5);
}

static void test_pinyin_in_full_width_brackets_is_spliced(void **state)
{
    (void)state;
    assert_true(
        run(check_text_spliced,
            with_body("我们的（de）服务一直很好，他（tā）们说新的版本更快，他（tā）们已经试过，"
                      "我（wǒ）们也试过，结果相同。我（wǒ）们会继续记录，他（tā）们会继续测试，"
                      "下个月再把两边的数据放在一起比较，然后决定是否采用新的版本。")) > 0.3);
}

static void test_lesson_of_pinyin_is_quiet(void **state)
{
    (void)state;
    assert_true(
        run(check_text_spliced,
            with_body(
                "第一课：你(nǐ)好(hǎo)！我(wǒ)是(shì)老(lǎo)师(shī)。你(nǐ)是(shì)学(xué)生(shēng)"
                "吗？"
                "我(wǒ)是(shì)学(xué)生(shēng)。他(tā)也(yě)是(shì)学(xué)生(shēng)。请大家每天练习"
                "半个小时，先听录音，再跟着读，最后不看课本自己说一遍。遇到不会的词，先猜一猜，"
                "再查词典。")) == 0);
}

static void test_rare_characters_explained_once_are_quiet(void **state)
{
    (void)state;
    assert_true(
        run(check_text_spliced,
            with_body(
                "百家姓里有不少少见的姓，例如仉(zhǎng)、乜(niè)、亓(qí)、逄(páng)和郄(qiè)。它们多"
                "半来自古代的地名或者官名，后来人口迁徙，读音也跟着方言变化。如今遇到这样的姓，"
                "最好的办法是直接问一声，没有人会因此生气。")) == 0);
}

static void test_simplified_article_is_quiet(void **state)
{
    (void)state;
    assert_true(run(check_text_spliced, with_body(simplified_article)) == 0);
}

static void test_traditional_article_is_quiet(void **state)
{
    (void)state;
    assert_true(run(check_text_spliced, with_body(traditional_article)) == 0);
}

static void test_article_in_both_orthographies_is_quiet(void **state)
{
    (void)state;
    assert_true(run(check_text_spliced, two_bodies(simplified_article, traditional_article)) == 0);
}

static void test_quotation_in_the_other_orthography_is_quiet(void **state)
{
    (void)state;
    assert_true(
        run(check_text_spliced,
            with_body(
                "两岸的用词并不相同，大陆说软件，台湾写作「軟體」，大陆说网络，台湾写作「網路」，"
                "大陆说打印机，台湾写作「印表機」，还有「滑鼠」、「記憶體」、「硬碟」、「隨身碟」、"
                "「資訊」、「專案」、「螢幕」和「簡訊」，翻译时应该查词典，不应该只转换字形。")) ==
        0);
}

static void test_mixed_orthography_in_clauses_is_spliced(void **state)
{
    (void)state;
    assert_true(
        run(check_text_spliced,
            with_body(
                "我不確定这件事是如何引起大家注意的，过去几周它很大程度上被別的新聞所掩盖，"
                "直到昨天报纸宣布了這個新实验室。它由公司的創始团队和銀行聯合创立，目标是让更多"
                "的學生参与，費用由基金会负担。很想听听其他人對此的看法並开始討论，"
                "请把意見发到網站上，我们會逐一回复。")) > 0.5);
}

static void test_pieces_of_the_title_at_clause_starts_are_spliced(void **state)
{
    (void)state;
    struct document *document = with_title("社区图书馆如何突破人手与场地限制");
    document_add_text(
        document, TEXT_BODY,
        SPAN("三家馆的经验并不复杂。社区最近，书馆我们走访了东区，如何看看它们怎样服务更多的读者。"
             "突破这些办法很少有人完整地记录下来。人手第一家开放于十年前，社区只有两间教室大小。"
             "书馆馆长说，如何最难的是周末，突破读者多得连走道也坐满了人，人手而值班的志愿者只有"
             "三名。场地他们把书架换成带轮子的，限制需要活动时推到墙边，场地活动结束再推回来。"),
        false);
    assert_true(run(check_text_spliced, document) > 0.5);
}

static void test_article_that_keeps_to_its_subject_is_quiet(void **state)
{
    (void)state;
    struct document *document = with_title("苹果发布新款手机，价格不变");
    document_add_text(
        document, TEXT_BODY,
        SPAN("苹果今天发布了新款手机。苹果表示，新机的电池更大，屏幕更亮，价格与去年相同。苹果的"
             "负责人说，摄像头经过重新设计，夜间拍摄更清楚。分析师认为，价格不变会吸引老用户换机，"
             "但是竞争对手也在降价。新款将在下周五上市，用户可以在网上预订，也可以到店里体验。"),
        false);
    assert_true(run(check_text_spliced, document) == 0);
}

static void test_text_that_repeats_its_title_is_quiet(void **state)
{
    (void)state;
    static const char post[] = "一直在请助手给自己设计一个身体，关键点，机械，金属，电影般的光线，"
                               "请告诉我结果如何，我想把它打印出来，然后放在书桌上面";
    struct document *document = with_title(post);
    document_add_text(document, TEXT_BODY, SPAN(post), false);
    document_add_text(document, TEXT_BODY, SPAN(post), false);
    document_add_text(document, TEXT_BODY, SPAN(post), false);
    assert_true(run(check_text_spliced, document) == 0);
}

static void test_japanese_is_quiet(void **state)
{
    (void)state;
    assert_true(
        run(check_text_spliced,
            with_body("国会では新しい図書館の建設について議論が続いている。電車で通う学生のために、"
                      "駅の近くに建てるべきだという意見が多い。会議の後、担当者は来週までに計画を"
                      "発表すると述べた。旧館は歴史的な建物として保存され、資料の一部は展示される。"
                      "労働組合も賛成の立場を示し、経済的な効果を調査する予定だ。")) == 0);
}

static void test_english_is_quiet(void **state)
{
    (void)state;
    assert_true(
        run(check_text_spliced,
            with_body("The café on the corner serves a crème brûlée that is “naïve” at best, "
                      "but Zoë’s résumé of the façade was a tour de force – really.")) == 0);
}

static void test_mojibake_is_spliced(void **state)
{
    (void)state;
    assert_true(
        run(check_text_spliced,
            with_body(
                "Itâ€™s your last chance, donâ€™t miss our cafÃ© offer! Youâ€™ll love the crÃ¨me, "
                "the pÃ¢tÃ© and weâ€™re sure itâ€™s the best dÃ©cor youâ€™ve seen.")) > 0.1);
}

/* --- TITLE_STUFFED --- */

static void test_title_of_keywords_is_stuffed(void **state)
{
    (void)state;
    assert_true(run(check_title_stuffed,
                    with_title("星河影视免费看-星河影视在线观看-星河影视高清全集-星河影视下载")) >
                0.6);
    assert_true(run(check_title_stuffed,
                    with_title("cheap watches, buy watches online | replica watches - watches")) >
                0.6);
}

static void test_title_that_repeats_one_word_is_stuffed(void **state)
{
    (void)state;
    assert_true(run(check_title_stuffed,
                    with_title("casino bonus casino slots casino free casino online")) > 0.3);
}

static void test_normal_titles_are_quiet(void **state)
{
    (void)state;
    static const char *const titles[] = {
        "Re: Re: [tidelog-devel] [PATCH] store: close the index before the rename",
        "Spring sowing, slugs, and the seed swap",
        "Minutes - budget, crane inspection, pump house - 3 March",
        "state-of-the-art end-to-end tests in a day-to-day setting",
        "从 FP16 到 FP8：低精度训练走到了哪一步",
        "DeepSeek 论文解读：硬件与模型为什么要一起设计",
        "人工智能、芯片、机器人：本周科技新闻一览",
        "山间周刊 第 86 期 | 春天的三条徒步路线 | 雨衣还是冲锋衣 | 读者来信",
    };
    for (size_t i = 0; i < COUNT(titles); i++) {
        double strength = run(check_title_stuffed, with_title(titles[i]));
        if (strength != 0)
            fail_msg("%.2f for %s", strength, titles[i]);
    }
}

/* --- LINK_TEXT_MISMATCH --- */

static double mismatch(const char *url, const char *text)
{
    struct document *document = document_new(CHANNEL_MAIL);
    document_add_link(document, span_of(url), span_of(text), true);
    return run(check_link_text_mismatch, document);
}

static void test_text_that_names_another_site_is_a_mismatch(void **state)
{
    (void)state;
    assert_true(mismatch("http://login-verify.test/x", "https://www.bank.example/login") > 0.9);
    assert_true(mismatch("http://192.0.2.7/x", "www.bank.example") > 0.9);
    assert_true(mismatch("http://login-verify.test/x", "mybank.com") > 0.3);
}

static void test_other_texts_are_no_mismatch(void **state)
{
    (void)state;
    assert_true(mismatch("http://click.bank.example/t?9", "https://www.bank.example/login") == 0);
    assert_true(mismatch("http://login-verify.test/x", "Sign in here") == 0);
    assert_true(mismatch("http://mail.example/to", "ann@bank.example") == 0);
    assert_true(mismatch("mailto:ann@bank.example", "www.bank.example") == 0);
    assert_true(mismatch("http://files.example/7", "report.doc") == 0);
    assert_true(mismatch("http://files.example/7", "ASP.NET") == 0);
}

static void test_redirector_is_a_weak_mismatch(void **state)
{
    (void)state;
    double strength =
        mismatch("http://go.portal.example/r?u=http://www.shop.test/", "http://www.shop.test/");
    assert_true(strength > 0 && strength < 0.3);
    strength = mismatch("http://www.bank.test/", "http://www.bank.example/");
    assert_true(strength > 0 && strength < 0.3);
}

/* --- HTML_HIDDEN_TEXT --- */

static double hidden(size_t hidden_points, size_t visible_points)
{
    struct document *document = document_new(CHANNEL_MAIL);
    document->html.hidden = hidden_points;
    document->html.visible = visible_points;
    return run(check_html_hidden_text, document);
}

static void test_much_hidden_text_fires(void **state)
{
    (void)state;
    assert_true(hidden(2000, 300) > 0.9);
    assert_true(hidden(300, 300) > 0.3);
}

static void test_preheader_is_quiet(void **state)
{
    (void)state;
    assert_true(hidden(150, 40) == 0);
    assert_true(hidden(400, 8000) == 0);
}

/* --- FROM_NAME_IS_ADDRESS --- */

static double sender(const char *name, const char *address)
{
    struct document *document = document_new(CHANNEL_MAIL);
    document->from_name = span_of(name);
    document->from_address = span_of(address);
    return run(check_from_name_is_address, document);
}

static void test_name_with_a_foreign_address_fires(void **state)
{
    (void)state;
    assert_true(sender("service@bank.example", "x@login-verify.test") == 1);
    assert_true(sender("Bank (Service@Bank.example)", "x@login-verify.test") == 1);
}

static void test_name_with_the_own_domain_is_quiet(void **state)
{
    (void)state;
    assert_true(sender("ann@mail.example.org", "ann@example.org") == 0);
    assert_true(sender("ANN@EXAMPLE.ORG", "ann@example.org") == 0);
    assert_true(sender("Ann Lee", "ann@example.org") == 0);
    assert_true(sender("Ann @ Work", "ann@example.org") == 0);
}

static void test_list_that_names_the_author_is_weak(void **state)
{
    (void)state;
    double strength = sender("'ann@example.org' via Team", "team@lists.test");
    assert_true(strength > 0 && strength < 0.5);
}

/* --- the table --- */

static void test_weights_disable_and_scale(void **state)
{
    (void)state;
    size_t count;
    checks_all(&count);
    double weights[16] = {0};
    struct check_weights settings = {weights, count};
    struct document *document = document_new(CHANNEL_MAIL);
    document->from_name = SPAN("service@bank.example");
    document->from_address = SPAN("x@login-verify.test");
    struct evidence_list list = {document->arena, NULL, 0};
    checks_run(document, &settings, &list);
    assert_int_equal(list.count, 0);
    weights[checks_find("FROM_NAME_IS_ADDRESS")] = 0.7;
    checks_run(document, &settings, &list);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0].symbol, "FROM_NAME_IS_ADDRESS");
    assert_true(list.items[0].log_odds == 0.7);
    document_free(document);
}

static void test_check_of_the_other_channel_does_not_run(void **state)
{
    (void)state;
    size_t count;
    const struct check *checks = checks_all(&count);
    double weights[16];
    for (size_t i = 0; i < count; i++)
        weights[i] = checks[i].log_odds;
    struct check_weights settings = {weights, count};
    struct document *document = document_new(CHANNEL_FEED);
    document->from_name = SPAN("service@bank.example");
    document->from_address = SPAN("x@login-verify.test");
    struct evidence_list list = {document->arena, NULL, 0};
    checks_run(document, &settings, &list);
    assert_int_equal(list.count, 0);
    document_free(document);
}

static void test_rows_are_found_by_symbol(void **state)
{
    (void)state;
    size_t count;
    const struct check *checks = checks_all(&count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(checks_find(checks[i].symbol), (int)i);
    assert_int_equal(checks_find("NO_SUCH_CHECK"), -1);
}

static void test_manual_page_names_every_check_and_its_weight(void **state)
{
    (void)state;
    const char *source = getenv("WEIR_SOURCE");
    if (!source)
        skip();
    char path[4096];
    snprintf(path, sizeof path, "%s/docs/weir.conf.5", source);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    static char page[65536];
    page[fread(page, 1, sizeof page - 1, file)] = '\0';
    fclose(file);
    size_t count;
    const struct check *checks = checks_all(&count);
    for (size_t i = 0; i < count; i++) {
        char line[100];
        snprintf(line, sizeof line, ".It %s %.1f\n", checks[i].symbol, checks[i].log_odds);
        if (!strstr(page, line))
            fail_msg("not there: %s", line);
    }
}

static int set_up(void **state)
{
    (void)state;
    text_init();
    url_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_anchors_of_keywords_to_many_domains_are_a_farm),
        cmocka_unit_test(test_keyword_list_in_plain_text_is_a_farm),
        cmocka_unit_test(test_keyword_list_behind_an_article_is_a_farm),
        cmocka_unit_test(test_menu_is_no_farm),
        cmocka_unit_test(test_digest_of_headlines_is_no_farm),
        cmocka_unit_test(test_short_mail_with_one_link_is_no_farm),
        cmocka_unit_test(test_table_is_no_farm),
        cmocka_unit_test(test_enumeration_is_no_farm),
        cmocka_unit_test(test_leftover_pinyin_is_spliced),
        cmocka_unit_test(test_pinyin_in_full_width_brackets_is_spliced),
        cmocka_unit_test(test_lesson_of_pinyin_is_quiet),
        cmocka_unit_test(test_rare_characters_explained_once_are_quiet),
        cmocka_unit_test(test_simplified_article_is_quiet),
        cmocka_unit_test(test_traditional_article_is_quiet),
        cmocka_unit_test(test_article_in_both_orthographies_is_quiet),
        cmocka_unit_test(test_quotation_in_the_other_orthography_is_quiet),
        cmocka_unit_test(test_mixed_orthography_in_clauses_is_spliced),
        cmocka_unit_test(test_pieces_of_the_title_at_clause_starts_are_spliced),
        cmocka_unit_test(test_article_that_keeps_to_its_subject_is_quiet),
        cmocka_unit_test(test_text_that_repeats_its_title_is_quiet),
        cmocka_unit_test(test_japanese_is_quiet),
        cmocka_unit_test(test_english_is_quiet),
        cmocka_unit_test(test_mojibake_is_spliced),
        cmocka_unit_test(test_title_of_keywords_is_stuffed),
        cmocka_unit_test(test_title_that_repeats_one_word_is_stuffed),
        cmocka_unit_test(test_normal_titles_are_quiet),
        cmocka_unit_test(test_text_that_names_another_site_is_a_mismatch),
        cmocka_unit_test(test_other_texts_are_no_mismatch),
        cmocka_unit_test(test_redirector_is_a_weak_mismatch),
        cmocka_unit_test(test_much_hidden_text_fires),
        cmocka_unit_test(test_preheader_is_quiet),
        cmocka_unit_test(test_name_with_a_foreign_address_fires),
        cmocka_unit_test(test_name_with_the_own_domain_is_quiet),
        cmocka_unit_test(test_list_that_names_the_author_is_weak),
        cmocka_unit_test(test_weights_disable_and_scale),
        cmocka_unit_test(test_check_of_the_other_channel_does_not_run),
        cmocka_unit_test(test_rows_are_found_by_symbol),
        cmocka_unit_test(test_manual_page_names_every_check_and_its_weight),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
