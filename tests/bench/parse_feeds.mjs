// parse_feeds: how fast a parser from npm reads feeds, and does nothing with them.
//
//     node parse_feeds.mjs rss-parser|feedsmith ROUNDS FILE…
//
// The files are in memory before the clock starts. Prints how many feeds and items it understood, and
// the CPU seconds of the fastest round: the first ones are slow, while V8 compiles.
import { readFileSync } from "node:fs";
import { parseFeed } from "feedsmith";
import RssParser from "rss-parser";

const [name, rounds, ...paths] = process.argv.slice(2);
const texts = paths.map((path) => readFileSync(path, "utf8"));
const parser = new RssParser();

async function itemsOf(text) {
    if (name === "rss-parser")
        return (await parser.parseString(text)).items;
    const { feed } = parseFeed(text);
    return feed.items ?? feed.entries ?? [];
}

let seconds = Infinity, feeds = 0, items = 0;
for (let round = 0; round < Number(rounds); round++) {
    feeds = items = 0;
    const start = process.cpuUsage();
    for (const text of texts) {
        try {
            items += (await itemsOf(text)).length;
            feeds++;
        } catch {
            // One that it does not understand.
        }
    }
    const { user, system } = process.cpuUsage(start);
    seconds = Math.min(seconds, (user + system) / 1e6);
}
console.log(`${feeds} feeds, ${items} items, ${seconds.toFixed(4)} seconds`);
