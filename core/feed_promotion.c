#include "core/feed_promotion.h"

#include <pthread.h>

/* Words that stand thick in such advertising and thin elsewhere, in the languages in which it comes
 * most; of Chinese and Japanese, pairs of ideographs. Not among them are words of all trade
 * ("free", "buy", "online", "price"): a shop's news, or a note of thanks to a sponsor, is to have
 * few. */
static const char gambling[] =
    "casino casinos slot slots jackpot jackpots poker roulette blackjack baccarat craps "
    "bingo keno lottery gambling gamble gambler gamblers betting bettor bettors bets "
    "bookmaker bookmakers bookie bookies sportsbook sportsbooks wager wagers wagering payout "
    "payouts odds bonus bonuses deposit deposits spins freespins parlay handicap igaming "
    "croupier rtp jackpotcity betway melbet mostbet казино слот слоты слотов рулетка рулетку "
    "покер покера блэкджек баккара джекпот джекпота ставка ставки ставок букмекер букмекера "
    "букмекерская букмекерской букмекерские букмекеров бонус бонусы бонусов бонуса депозит "
    "депозита депозиты фриспины фриспинов выигрыш выигрыша выигрыши азартные азартных вулкан "
    "вейджер отыгрыш промокод тотализатор лотерея spielautomaten spielautomat freispiele "
    "wetten wettanbieter buchmacher glücksspiel einzahlung willkommensbonus auszahlung "
    "tragamonedas apuestas apuesta ruleta bono bonos parieur mises roulettes "
    "dépôt scommesse scommessa puntate apostas aposta cassino níqueis bônus "
    "rodadas bahis bahisler iddaa rulet kumar casinolar bahsegel judi togel gacor maxwin "
    "taruhan sbobet 카지노 바카라 토토 슬롯 배팅 먹튀 博彩 赌场 赌博 彩票 赛车 飞艇 时彩 开奖 下注 "
    "投注 棋牌 百家 六合 赔率 賭場 賭博 賽車 飛艇 開獎 賠率 ";
static const char pills[] =
    "viagra cialis levitra sildenafil tadalafil vardenafil kamagra pharmacy pharmacies pill "
    "pills erectile dysfunction rx tramadol xanax valium ambien phentermine modafinil "
    "adderall hydrocodone oxycodone prednisone doxycycline amoxicillin azithromycin "
    "ivermectin propecia finasteride clomid nolvadex steroids sarms gummies slimming potency "
    "виагра сиалис левитра дженерик дженерики потенция потенции потенцию apotheke mg dosage "
    "dosages dose doses tablet tablets capsule capsules prescription prescriptions overdose "
    "generic generics antibiotic antibiotics antidepressant medication medications "
    "pharmacist dosis comprimidos comprimés compresse tabletten posologie pastillas "
    "rezeptfrei potenzmittel farmacia pharmacie ordonnance ";
static const char loans[] =
    "payday loan loans lender lenders lending borrow borrower borrowers refinance "
    "refinancing installment creditworthiness unsecured forex leverage altcoin presale "
    "airdrop займ займы займа займов кредит кредиты микрозайм микрозаймы мфо заём kredit "
    "kredite sofortkredit préstamos préstamo ";
static const char others[] =
    "escort escorts porn porno xxx webcam camgirls milf hookup hookups nude эскорт порно "
    "шлюхи проститутки интим replica replicas rolex vuitton gucci handbags knockoff backlink "
    "backlinks seo pbn essay essays dissertation coursework plagiarism ";

static struct feed_words promotion;

static void fill(void)
{
    const char *const lists[] = {gambling, pills, loans, others};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        feed_words_add_text(&promotion, span_of(lists[i]));
}

bool feed_promotion_has(uint32_t hash)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fill);
    return feed_words_has(&promotion, hash);
}

size_t feed_promotion_count(const struct feed_words *words)
{
    size_t count = 0;
    for (size_t i = 0; i < words->count; i++)
        count += feed_promotion_has(words->items[i]);
    return count;
}
