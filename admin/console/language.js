// What pages say, in the language of who reads it: English sentences are the keys of words.js, and
// this finds their Chinese. Numbers and times are written as the language writes them.

import {words} from "./words.js";

const KEPT = "weir-language";
const LANGUAGES = ["en", "zh"];

function kept() {
    try {
        return localStorage.getItem(KEPT);
    } catch {
        return null; // a browser that keeps nothing
    }
}

function wanted() {
    const languages = [kept(), ...navigator.languages].map((tag) => tag && tag.slice(0, 2).toLowerCase());
    return languages.find((language) => LANGUAGES.includes(language)) || LANGUAGES[0];
}

// The browser's own kind of the language, as "en-GB", has its own way with dates.
function kindOf(wish) {
    return navigator.languages.find((tag) => tag.slice(0, 2).toLowerCase() === wish) || wish;
}

let language, locale;

function use(wish) {
    language = wish;
    locale = kindOf(wish);
    document.documentElement.lang = wish === "zh" ? "zh-Hans" : "en";
}

use(wanted());

export function currentLocale() {
    return locale;
}

// The other one of the two, by its own name; and a change to it, which the browser remembers.
export function otherLanguage() {
    return language === "zh" ? {tag: "en", name: "English"} : {tag: "zh-Hans", name: "中文"};
}

export function changeLanguage() {
    use(language === "zh" ? "en" : "zh");
    try {
        localStorage.setItem(KEPT, language);
    } catch {
        // Then it is for this visit.
    }
}

// Marks a sentence that is said later, so that the test of words.js finds it.
export function mark(sentence) {
    return sentence;
}

export function number(value, options) {
    return new Intl.NumberFormat(locale, options).format(value);
}

function sentenceOf(key) {
    return language === "zh" && words[key] || key;
}

// say("{count} wait for review.", {count: 3}); numbers become as the language writes them.
export function say(key, values = {}) {
    return sentenceOf(key).replace(/\{(\w+)\}/g, (whole, name) => {
        const value = values[name];
        return typeof value === "number" ? number(value) : value === undefined ? whole : value;
    });
}

// The same with elements for values: what to give element() as children.
export function sayWith(key, values) {
    return sentenceOf(key).split(/\{(\w+)\}/).map((part, index) => index % 2 ? values[part] : part)
        .filter((part) => part !== "");
}
