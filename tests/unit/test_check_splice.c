#include "core/checks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/text.h"
#include "core/url.h"
#include "tests/unit/checking.h"

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

static void test_no_break_spaces_of_french_are_quiet(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "QUANTITÉ\u00a0: 3\nPRIX HT DÉTAILLÉ\u00a0: 12\nSOCIÉTÉ\u00a0: Durand\n",
        "Il a dit «\u00a0le café\u00a0» puis «\u00a0voilà\u00a0» et «\u00a0assez testé\u00a0».\n"};
    for (size_t i = 0; i < 2; i++) {
        char body[4096] = "";
        for (size_t j = 0; j < 12; j++)
            strcat(body, lines[i]);
        assert_true(run(check_text_spliced, with_body(body)) == 0);
    }
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
        cmocka_unit_test(test_no_break_spaces_of_french_are_quiet),
        cmocka_unit_test(test_mojibake_is_spliced),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
