// One text looked for everywhere at once: in what is held, in what was judged, among identities.

import {get} from "./api.js";
import {element, received, signed} from "./dom.js";
import {heldLine, HELD_HEADS, shortNote} from "./held.js";
import {historyLine, HISTORY_HEADS} from "./history.js";
import {mark, number, say} from "./language.js";
import {table} from "./list.js";

const SHOWN = 10;
const IDENTITY_HEADS = [mark("identity"), mark("ham lessons"), mark("spam lessons"), mark("log-odds")];

function identityLine(item) {
    const href = "#/reputation/" + encodeURIComponent(item.type) + "/" + encodeURIComponent(item.value);
    return [
        {content: [element("a", {href, class: "line"}, item.type + " ", received(item.value))]},
        {class: "number", content: [number(item.ham, {maximumFractionDigits: 1})]},
        {class: "number", content: [number(item.spam, {maximumFractionDigits: 1})]},
        {class: "number", content: [signed(item.log_odds), item.override === "none" ? "" : " " + item.override]},
    ];
}

// Each part stands for itself: one that fails says so, and leaves the others.
function part(heading, answer, heads, lineOf, everything) {
    if (answer.status === "rejected")
        return [element("h2", {}, heading), element("p", {class: "notice bad"}, answer.reason.message)];
    const items = answer.value.items || answer.value.identities;
    return [
        element("h2", {}, heading),
        shortNote(answer.value),
        items.length ? table(heads, items.map(lineOf)).node
            : element("p", {class: "faint"}, say("nothing")),
        ...(answer.value.next ? [element("p", {}, element("a", {href: everything}, say("all of them")))] : []),
    ].filter(Boolean);
}

export async function showSearch(place, parameters) {
    const q = (parameters.get("q") || "").trim();
    if (!q) {
        place.append(element("h1", {}, say("Search")),
            element("p", {class: "empty"}, say("Look for a sender, a recipient, a subject, a domain, an address.")));
        return;
    }
    const [held, history, identities] = await Promise.allSettled([
        get("held", {q, state: "all", limit: SHOWN}), get("history", {q, limit: SHOWN}),
        get("search", {q})]);
    for (const one of [held, history, identities]) {
        if (one.status === "rejected" && one.reason.status === 401)
            throw one.reason;
    }
    place.append(
        element("h1", {}, say("Search") + ": ", received(q)),
        ...part(say("Identities"), identities, IDENTITY_HEADS, identityLine),
        ...part(say("Held"), held, HELD_HEADS, heldLine, "#/held?" + new URLSearchParams({q, state: "all"})),
        ...part(say("History"), history, HISTORY_HEADS, historyLine,
            "#/history?" + new URLSearchParams({q, since: "@1"})));
}
