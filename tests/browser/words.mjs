// Every sentence that the console's pages say has its Chinese, with the same places for values; none
// of the table is left over; and nothing that reads like a sentence goes past it.
// node words.mjs DIRECTORY
import {readdirSync, readFileSync} from "node:fs";
import {join} from "node:path";

const directory = process.argv[2];
const table = readFileSync(join(directory, "words.js"), "utf8");
const {words} = await import("data:text/javascript;charset=utf-8," + encodeURIComponent(table));
const LITERAL = /"((?:[^"\\\n]|\\.)*)"/g;
const ASKED = /\b(?:say|sayWith|mark)\(\s*"((?:[^"\\\n]|\\.)*)"/g;
const SENTENCE = /^[A-Z][a-z]+ \w.*\w|^[a-z]+ [a-z]+ [a-z]+/;
const faults = [], asked = new Set();

for (const file of readdirSync(directory)) {
    if (!file.endsWith(".js") || file === "words.js")
        continue;
    const source = readFileSync(join(directory, file), "utf8").replace(/^\s*\/\/.*$/gm, "");
    const here = new Set(Array.from(source.matchAll(ASKED), (found) => found[1]));
    for (const key of here)
        asked.add(key);
    for (const [, text] of source.matchAll(LITERAL)) {
        if (SENTENCE.test(text) && !here.has(text))
            faults.push(file + " says, past the table: " + text);
    }
}
const places = (text) => (text.match(/\{\w+\}/g) || []).sort().join();
for (const key of asked) {
    if (!Object.hasOwn(words, key))
        faults.push("there is no Chinese for: " + key);
    else if (!words[key] || places(key) !== places(words[key]))
        faults.push("other values in Chinese than in: " + key);
}
for (const key of Object.keys(words)) {
    if (!asked.has(key))
        faults.push("nothing says: " + key);
}
for (const fault of faults)
    console.log(fault);
process.exitCode = faults.length ? 1 : 0;
