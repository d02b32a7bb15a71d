#include "core/feed_promotion.h"

#include <pthread.h>

/* Words that stand thick in such advertising and thin elsewhere, in the languages in which it comes
 * most; of Chinese and Japanese, pairs of ideographs. Not among them are words of all trade
 * ("free", "buy", "online", "price"): a shop's news, or a note of thanks to a sponsor, is to have
 * few. */
static const char gambling[] =
    "bonus bonuses spins craps lottery бонус бонусы бонусов бонуса лотерея casino casinos "
    "slot slots jackpot jackpots poker roulette blackjack baccarat bingo keno gambling "
    "gamble gambler gamblers betting bettor bettors bets bookmaker bookmakers bookie bookies "
    "sportsbook sportsbooks wager wagers wagering payout payouts freespins parlay igaming "
    "croupier rtp jackpotcity betway melbet mostbet казино слот слоты слотов рулетка рулетку "
    "покер покера блэкджек баккара джекпот джекпота ставка ставки ставок букмекер букмекера "
    "букмекерская букмекерской букмекерские букмекеров фриспины фриспинов выигрыш выигрыша "
    "выигрыши азартные азартных вулкан вейджер отыгрыш промокод тотализатор spielautomaten "
    "spielautomat freispiele wetten wettanbieter buchmacher glücksspiel willkommensbonus "
    "tragamonedas apuestas apuesta ruleta bonos parieur roulettes scommesse scommessa "
    "puntate apostas aposta cassino níqueis bônus rodadas bahis bahisler iddaa rulet kumar "
    "casinolar bahsegel judi togel gacor maxwin taruhan sbobet 카지노 바카라 토토 슬롯 배팅 "
    "먹튀 博彩 赌场 赌博 彩票 赛车 飞艇 时彩 开奖 下注 投注 棋牌 百家 六合 赔率 賭場 賭博 "
    "賽車 飛艇 開獎 賠率 ";
static const char pills[] =
    "viagra cialis levitra sildenafil tadalafil vardenafil kamagra erectile dysfunction "
    "tramadol phentermine modafinil ivermectin propecia nolvadex sarms gummies виагра сиалис "
    "левитра дженерик дженерики потенция потенции потенцию rezeptfrei potenzmittel ";
static const char loans[] =
    "payday forex altcoin presale airdrop займ займы займа займов микрозайм микрозаймы мфо "
    "заём sofortkredit ";
static const char others[] =
    "porn porno xxx camgirls milf hookup hookups эскорт порно шлюхи проститутки интим "
    "replica replicas rolex vuitton gucci handbags knockoff backlink backlinks seo pbn ";

/* What is said of goods, and of what is to be had without paying, in most lists for search engines;
 * and what they are, where such lists are made of them most. */
static const char trade[] =
    "cheap cheapest wholesale outlet sale sales discount discounts discounted buy order "
    "coupon coupons lowest shipping overnight delivery free online download downloads crack "
    "cracked keygen torrent serial drugs tablets pills pharmacy prescription generic loan "
    "loans lender cash bonus bonuses deposit odds escort escorts essay essays jerseys ugg "
    "nike jordans oakley hermes tiffany watches nude webcam купить заказать дешево недорого "
    "скачать бесплатно срочно доставкой доставка цена цены продажа диплом дипломы справку "
    "справка бонус бонусы депозит кредит кредиты займ kaufen günstig billig bestellen rezept "
    "acheter cher ordonnance comprar barato baratas receta comprare baixar gratis grátis "
    "ucuz satın bonusu mua bán giá rẻ cược nhà cái murah daftar コピー ブランド カジノ 激安 "
    "通販 偽物 무료 다운로드 카드 대출 免费 在线 下载 注册 开户 官网 平台 视频 观看 影院 "
    "无码 成人 人妻 国产 日韩 欧美 亚洲 日本 韩国 久久 精品 福利 导航 网址 娱乐 真人 体育 "
    "彩金 字幕 电影 资源 高清 直播 综合 专区 代理 发票 激情 一区 播放 大片 第一 超碰 午夜 "
    "免費 線上 下載 註冊 開戶 官網 視頻 觀看 無碼 國產 娛樂 體育 ";

static struct feed_words promotion, selling;

static void fill(void)
{
    const char *const lists[] = {gambling, pills, loans, others};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        feed_words_add_text(&promotion, span_of(lists[i]));
    feed_words_add_text(&selling, span_of(trade));
}

static void fill_once(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fill);
}

bool feed_promotion_has(uint32_t hash)
{
    fill_once();
    return feed_words_has(&promotion, hash);
}

double feed_promotion_share(const struct phrases *phrases)
{
    struct feed_words words;
    size_t found = 0;
    fill_once();
    for (size_t i = 0; i < phrases->count; i++) {
        bool sells = false;
        feed_words_clear(&words);
        feed_words_add_text(&words, phrases->items[i]);
        for (size_t j = 0; j < words.count && !sells; j++)
            sells = feed_words_has(&promotion, words.items[j]) ||
                    feed_words_has(&selling, words.items[j]);
        found += sells;
    }
    return phrases->count ? (double)found / (double)phrases->count : 0;
}

size_t feed_promotion_count(const struct feed_words *words)
{
    size_t count = 0;
    for (size_t i = 0; i < words->count; i++)
        count += feed_promotion_has(words->items[i]);
    return count;
}
