// What keys do. Nothing while somebody writes, and nothing that the browser has a meaning for.

import {element} from "./dom.js";
import {mark, say} from "./language.js";

// What a key asks of the line that has the focus, or of the entry that is shown.
const DEEDS = {r: "release", c: "confirm", d: "delete", u: "undo"};
// What a key chooses in a list.
const CHOICES = {x: "line", a: "all"};
const LIST = [
    ["j, ↓", mark("the next line")],
    ["k, ↑", mark("the line before")],
    ["Enter", mark("open it")],
    ["r", mark("release it")],
    ["c", mark("confirm it as spam")],
    ["d", mark("delete it")],
    ["u", mark("undo what was done last")],
    ["x", mark("choose it, for a deed on several")],
    ["a", mark("choose all on the page, or none")],
    ["/", mark("search everywhere")],
    ["?", mark("this list")],
];

function move(main, by) {
    const lines = [...main.querySelectorAll("a.line")];
    if (!lines.length)
        return false;
    const active = document.activeElement, row = active.closest("tr");
    const at = lines.findIndex((line) => line === active || (row && row.contains(line)));
    const to = at < 0 ? (by > 0 ? 0 : lines.length - 1) : at + by;
    lines[Math.max(0, Math.min(lines.length - 1, to))].focus();
    return true;
}

export function showKeys() {
    const close = element("button", {type: "button", class: "main", onclick: () => dialog.close()}, say("Close"));
    const dialog = element("dialog", {"aria-labelledby": "keys-title", onclose: () => dialog.remove()},
        element("h2", {id: "keys-title"}, say("Keys")),
        element("dl", {}, ...LIST.flatMap(([key, words]) =>
            [element("dt", {}, element("kbd", {}, key)), element("dd", {}, say(words))])),
        element("p", {}, close));
    document.body.append(dialog);
    dialog.showModal();
}

function press(key, main) {
    if (key === "j" || key === "ArrowDown")
        return move(main, 1);
    if (key === "k" || key === "ArrowUp")
        return move(main, -1);
    if (key === "/")
        return document.getElementById("search").focus() || true;
    if (key === "?")
        return showKeys() || true;
    const active = document.activeElement;
    const at = active !== main && main.contains(active) ? active : main.firstElementChild;
    // Who can do it says that it is done; then the key is used up.
    const name = DEEDS[key] ? "deed" : CHOICES[key] && "choose";
    return Boolean(name) && !at.dispatchEvent(
        new CustomEvent(name, {detail: DEEDS[key] || CHOICES[key], bubbles: true, cancelable: true}));
}

// Keys of `main`, as long as `listening()`.
export function listen(main, listening) {
    addEventListener("keydown", (event) => {
        const writing = event.target.closest("input:not([type=checkbox]), select, textarea, dialog");
        const held = event.ctrlKey || event.altKey || event.metaKey || (event.repeat && DEEDS[event.key]);
        if (event.defaultPrevented || held || writing || !listening())
            return;
        if (press(event.key, main))
            event.preventDefault();
    });
}
