// Elements from data. Text is always text: nothing that was received becomes markup, and nothing in
// it turns other text around.

import {currentLocale, number} from "./language.js";

// Control characters, line and paragraph separators, and what steers the direction of text (Unicode
// Technical Report 36, "Bidirectional Text Spoofing"): behind U+202E "gnp.exe" reads "exe.png".
const STEERING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

function child(value) {
    return typeof value === "string" ? value.replace(STEERING, "\ufffd") : value;
}

// element("a", {href: …, class: …, onclick: …}, "text", child, …)
export function element(name, attributes = {}, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
        if (key.startsWith("on"))
            node.addEventListener(key.slice(2), value);
        else if (value === true)
            node.setAttribute(key, "");
        else if (value !== false && value !== undefined && value !== null)
            node.setAttribute(key, value);
    }
    node.append(...children.filter((one) => one !== null && one !== undefined).map(child));
    return node;
}

// What was received, amid words of ours: its direction is its own.
export function received(text) {
    return element("bdi", {}, text);
}

export function svg(name, attributes) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes))
        node.setAttribute(key, value);
    return node;
}

// A bar from the middle: to the right for spam, to the left for ham; `most` fills a half.
export function bar(value, most) {
    const length = Math.min(Math.abs(value) / most, 1) * 50;
    const picture = svg("svg", {viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true"});
    picture.append(svg("rect", {
        x: value < 0 ? 50 - length : 50, y: 1, width: length, height: 8,
        class: value < 0 ? "bar-ham" : "bar-spam",
    }), svg("line", {x1: 50, x2: 50, y1: 0, y2: 10, class: "axis"}));
    return picture;
}

export function time(seconds) {
    const date = new Date(seconds * 1000);
    return element("time", {datetime: date.toISOString()},
        date.toLocaleString(currentLocale(), {dateStyle: "medium", timeStyle: "short"}));
}

export function signed(value, decimals = 1) {
    return (value < 0 ? "−" : "+") + number(Math.abs(value),
        {minimumFractionDigits: decimals, maximumFractionDigits: decimals});
}

export function percent(logOdds) {
    return number(1 / (1 + Math.exp(-logOdds)),
        {style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1});
}

export function rows(pairs) {
    const list = element("dl");
    for (const [name, value] of pairs) {
        if (value !== undefined && value !== null && value !== "")
            list.append(element("dt", {}, name), element("dd", {}, value));
    }
    return list;
}
