// Whether lenient parsers see in feeds the items of a whole feed less one. Reads from stdin a JSON
// line for each whole feed: {"whole": path, "items": how many it has to have, "less": [[path, the
// index of the item that is missing there, null when it is not known]…]}. Without "items" the feed
// may be so broken that the parser sees less of it, or nothing. Answers each with a line: an array of
// what is wrong, empty when nothing is.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { parseJsonFeed } from "feedsmith";
import { parseFeed } from "htmlparser2";

function text(path) {
    const bytes = readFileSync(path);
    const head = bytes.subarray(0, 400).toString("latin1");
    const declared = /^\s*<\?xml[^>]*encoding\s*=\s*["']([\w.:-]+)["']/.exec(head);
    try {
        return new TextDecoder(declared ? declared[1] : "utf-8").decode(bytes);
    } catch {
        return new TextDecoder("utf-8").decode(bytes);
    }
}

// Each item as one string.
function items(path) {
    const source = text(path);
    const feed = /^\s*\{/.test(source) ? parseJsonFeed(source) : parseFeed(source);
    if (!feed)
        throw new Error("the parser sees no feed");
    return (feed.items ?? []).map((item) => JSON.stringify(item));
}

function isLess(whole, rest, gone) {
    return rest.length === whole.length - 1 && rest.every((item, i) => item === whole[i + (i >= gone)]);
}

// The same where an item that the feed lists several times went each time.
function isLessAll(whole, rest) {
    const gone = whole.find((item, i) => item !== rest[i]);
    const kept = whole.filter((item) => item !== gone);
    return gone !== undefined && rest.length === kept.length && rest.every((item, i) => item === kept[i]);
}

// Some feeds list an item twice with another date: it is known by its guid, else by its link.
function identity(item) {
    const { id, link } = JSON.parse(item);
    return id ?? link ?? item;
}

function isLessAllOfOneIdentity(whole, rest) {
    const gone = whole.find((item, i) => item !== rest[i]);
    if (gone === undefined)
        return false;
    let at = 0;
    for (const item of whole) {
        if (item === rest[at])
            at++;
        else if (identity(item) !== identity(gone))
            return false;
    }
    return at === rest.length;
}

// Of a broken feed, where the parser may see another item end than weir does: what it still sees,
// it saw before, and no more is gone than what was held.
function isPartOf(whole, rest) {
    let at = 0;
    for (const item of whole)
        at += item === rest[at];
    return at === rest.length;
}

function seen(path) {
    try {
        return items(path);
    } catch {
        return [];
    }
}

function examineBroken({ whole, less }) {
    const all = seen(whole), wrong = [];
    for (const [path] of less) {
        const rest = seen(path);
        const good = isPartOf(all, rest)
            && (all.length - rest.length <= 1 || isLessAll(all, rest) || isLessAllOfOneIdentity(all, rest));
        if (!good)
            wrong.push(`the parser sees ${rest.length} of ${all.length} items in ${path.split("/").pop()}`);
    }
    return wrong;
}

function examine({ whole, items: count, less }) {
    if (count === undefined)
        return examineBroken({ whole, less });
    const all = items(whole), wrong = [];
    if (all.length !== count)
        wrong.push(`${count} items, the parser sees ${all.length}`);
    for (const [path, gone] of less) {
        const rest = items(path);
        const good = gone === null ? isLessAll(all, rest) || isLessAllOfOneIdentity(all, rest)
            : isLess(all, rest, gone);
        if (!good)
            wrong.push(`the parser sees ${rest.length} of ${all.length} items in ${path.split("/").pop()}`);
    }
    return wrong;
}

for await (const line of createInterface({ input: process.stdin })) {
    let wrong;
    try {
        wrong = examine(JSON.parse(line));
    } catch (trouble) {
        wrong = [`the parser: ${trouble.message}`];
    }
    console.log(JSON.stringify(wrong));
}
