// What was judged: the list with its search, and one verdict with its reasons.

import {get} from "./api.js";
import {element, percent, received, rows, signed, time} from "./dom.js";
import {mark, say} from "./language.js";
import {more, reasons, recipients, table} from "./list.js";
import {actionName} from "./overview.js";

const ACTIONS = ["", mark("accept"), mark("tag"), mark("hold"), mark("reject"), mark("defer")];
const STREAMS = ["", mark("mail"), mark("feeds")];
const SINCE = {"1d": mark("last day"), "7d": mark("last week"), "30d": mark("last 30 days"),
    "@1": mark("ever")};

export function title(item) {
    return item.subject.trim() || say("(no subject)");
}

export function historyLine(item) {
    return [
        {class: "time", content: [time(item.judged_s)]},
        {content: [
            element("a", {href: "#/history/" + item.id, class: "line"}, received(title(item))),
            element("div", {class: "faint"}, received(item.sender),
                ...(item.recipients.length ? [" → ", received(recipients(item))] : []))]},
        {content: [element("span", {class: "state"}, actionName(item.action))]},
        {class: "number", content: [percent(item.log_odds)]},
    ];
}

export const HISTORY_HEADS = [mark("judged"), mark("what"), mark("verdict"), mark("spam")];

function choice(name, label, values, chosen, words) {
    return element("select", {name, "aria-label": label}, ...values.map((value) =>
        element("option", {value, selected: value === chosen}, words(value))));
}

function searchForm(wish, app) {
    const form = element("form", {class: "search", role: "search", onsubmit: (event) => {
        event.preventDefault();
        app.search("#/history", form);
    }},
        element("input", {type: "search", name: "q", value: wish.q, "aria-label": say("Search"),
            placeholder: say("sender, recipient, subject")}),
        choice("stream", say("Stream"), STREAMS, wish.stream, (value) => say(value || mark("mail and feeds"))),
        choice("action", say("Verdict"), ACTIONS, wish.action, (value) => say(value || mark("all verdicts"))),
        choice("since", say("Since"), Object.keys(SINCE), wish.since, (value) => say(SINCE[value] || value)),
        element("button", {class: "main"}, say("Search")));
    return form;
}

export async function showHistory(place, parameters, app) {
    const wish = {
        q: parameters.get("q") || "", stream: parameters.get("stream") || "",
        action: parameters.get("action") || "", since: parameters.get("since") || "7d",
    };
    const page = await get("history", wish);
    const {node, body, add} = table(HISTORY_HEADS, page.items.map(historyLine));
    place.append(
        element("h1", {}, say("History")),
        searchForm(wish, app),
        page.items.length ? node : element("p", {class: "empty"}, say("No verdict says that.")),
        more(page, (after) => get("history", {...wish, after}),
            (items) => add(items.map(historyLine)), app));
    return body.isConnected ? undefined : null;
}

export async function showVerdict(place, [id]) {
    const item = await get("history/" + encodeURIComponent(id));
    const mail = item.stream === "mail";
    const held = "#/held?" + new URLSearchParams({state: "all", q: item.reference});
    place.append(
        element("p", {}, element("a", {href: "#/history"}, say("← all verdicts"))),
        element("h1", {}, received(title(item))),
        element("div", {class: "panel"}, rows([
            [say("verdict"), element("span", {class: "state"}, actionName(item.action))],
            [say("judged"), time(item.judged_s)],
            [mail ? say("sender") : say("feed"), item.sender],
            [say("recipients"), recipients(item)],
            [mail ? say("queue id") : say("guid"), item.reference],
            [say("spam"), percent(item.log_odds) + " (" + signed(item.log_odds) + ")"],
            ["", item.action === "hold" && item.reference
                ? element("a", {href: held}, say("what became of it")) : ""],
        ])),
        element("h2", {}, say("Why")),
        element("div", {class: "panel"}, reasons(item.reasons)));
}
