// Reputations: those that most is known of, with a search; and one, with all that it is made of and
// what it did, which an admin may overrule.

import {get, post} from "./api.js";
import {bar, element, percent, received, rows, signed, svg, time} from "./dom.js";
import {mark, number, say, sayWith} from "./language.js";
import {table} from "./list.js";
import {actionName} from "./overview.js";

const PAGE = 50;
const DAY_S = 24 * 3600;
const OVERRIDES = {none: "", pin: mark("pinned"), set: mark("set until")};
const DEEDS = {
    pin: {name: mark("Pin"), ask: mark("Pin {identity} at that, until an admin takes it back?")},
    set: {name: mark("Set for days"), ask: mark("Set {identity} to that for so many days?")},
    learned: {name: mark("Go by what is learned"), ask: mark("Take back what was pinned or set of {identity}?")},
    forget: {name: mark("Forget"), ask: mark("Forget all that was learned of {identity}? It cannot be undone.")},
};

function addressOf(one) {
    return "#/reputation/" + encodeURIComponent(one.type) + "/" + encodeURIComponent(one.value);
}

function overrideMark(one) {
    if (one.override === "none")
        return null;
    return element("span", {class: "state"}, say(OVERRIDES[one.override]),
        ...(one.override === "set" ? [" ", time(one.until)] : []));
}

// --- the list ---

function line(one) {
    return [
        {content: [element("a", {href: addressOf(one), class: "line"}, received(one.value)), " ",
            overrideMark(one), element("div", {class: "faint"}, one.type)]},
        {content: [say("{ham} ham, {spam} spam", {ham: one.ham, spam: one.spam})]},
        {class: "number " + (one.log_odds < 0 ? "good" : "bad"), content: [signed(one.log_odds, 2)]},
    ];
}

function searchForm(wish, types, app) {
    const form = element("form", {class: "search", role: "search", onsubmit: (event) => {
        event.preventDefault();
        app.search("#/reputations", form);
    }},
        element("input", {type: "search", name: "q", value: wish.q, "aria-label": say("Search"),
            placeholder: say("a part of a domain, an address, a network")}),
        element("select", {name: "type", "aria-label": say("Type")},
            element("option", {value: ""}, say("all types")), ...types.map((type) =>
                element("option", {value: type, selected: type === wish.type}, type))),
        element("button", {class: "main"}, say("Search")));
    return form;
}

export async function showReputations(place, parameters, app) {
    const wish = {q: parameters.get("q") || "", type: parameters.get("type") || ""};
    const page = await get("reputation", {...wish, limit: Number(parameters.get("limit")) || PAGE});
    const more = new URLSearchParams({...wish, limit: 1000});
    place.append(
        element("h1", {}, say("Reputations")),
        searchForm(wish, page.types, app),
        page.items.length
            ? table([mark("what is known"), mark("lessons left"), mark("says")], page.items.map(line)).node
            : element("p", {class: "empty"}, say("Nothing like that is known.")),
        ...(page.items.length === PAGE
            ? [element("p", {}, element("a", {href: "#/reputations?" + more}, say("More of them")))] : []));
}

// --- one of them ---

// How the counts stand and how they would decay from here on, with the lessons on the line of time.
function decay(one) {
    const WIDTH = 600, HEIGHT = 140, BOTTOM = 120;
    const now = Date.now() / 1000, counted = one.counted;
    const start = Math.min(counted.time || now, ...one.lessons.map((lesson) => lesson.time),
        now - one.half_life_s / 4);
    const end = now + 2 * one.half_life_s, most = Math.max(counted.ham, counted.spam, 1);
    const x = (at) => (at - start) / (end - start) * WIDTH;
    const y = (value) => BOTTOM - value / most * (BOTTOM - 10);
    const picture = svg("svg", {viewBox: "0 0 " + WIDTH + " " + HEIGHT, class: "decay", role: "img",
        "aria-label": say("how the counts decay: half in {days} days", {days: one.half_life_s / DAY_S})});
    picture.append(svg("line", {x1: 0, x2: WIDTH, y1: BOTTOM, y2: BOTTOM, class: "axis"}),
        svg("line", {x1: x(now), x2: x(now), y1: 0, y2: BOTTOM, class: "axis now"}));
    for (const [kind, value] of [["ham", counted.ham], ["spam", counted.spam]]) {
        const points = Array.from({length: 61}, (_, step) => {
            const at = counted.time + (end - counted.time) * step / 60;
            return x(at).toFixed(1) + "," + y(value * 2 ** (-(at - counted.time) / one.half_life_s)).toFixed(1);
        });
        if (value)
            picture.append(svg("polyline", {points: points.join(" "), class: "curve " + kind}));
    }
    for (const lesson of one.lessons)
        picture.append(svg("circle", {cx: x(lesson.time), cy: BOTTOM + 8, r: 4, class: "bar-" + lesson.label}));
    return element("figure", {}, picture, element("figcaption", {class: "faint"},
        element("span", {class: "bad"}, say("lessons of spam")), " · ",
        element("span", {class: "good"}, say("lessons of ham")),
        " · ", say("the upright line is now, dots are lessons")));
}

// Where the share of spam lies, most likely and with 90 %.
function posterior({mean, low, high}) {
    const picture = svg("svg", {viewBox: "0 0 100 10", preserveAspectRatio: "none", class: "posterior",
        "aria-hidden": "true"});
    picture.append(svg("rect", {x: 0, y: 4, width: 100, height: 2, class: "track"}),
        svg("rect", {x: 100 * low, y: 2, width: Math.max(100 * (high - low), 0.5), height: 6, class: "range"}),
        svg("rect", {x: Math.max(100 * mean - 0.4, 0), y: 0, width: 0.8, height: 10, class: "mean"}));
    const share = (value) => number(value, {style: "percent", maximumFractionDigits: 1});
    return element("div", {}, say("{mean} spam; with 90% between {low} and {high}",
        {mean: share(mean), low: share(low), high: share(high)}), picture);
}

function facts(one) {
    const pairs = [[say("says"), element("span", {class: one.log_odds < 0 ? "good" : "bad"},
        signed(one.log_odds, 2))]];
    if (one.override !== "none")
        pairs.push([say("overruled"), overrideMark(one)],
            [say("its counts say"), signed(one.learned_log_odds, 2)]);
    pairs.push([say("lessons left"), say("{ham} ham, {spam} spam", {ham: one.ham, spam: one.spam})]);
    if (one.counted.ham || one.counted.spam)
        pairs.push([say("counted"), element("span", {}, ...sayWith("{counts}, as of {time}", {
            counts: say("{ham} ham, {spam} spam", one.counted), time: time(one.counted.time)}))],
        [say("decay"), say("half in {days} days; {left}% are left",
            {days: one.half_life_s / DAY_S, left: Math.round(1000 * one.left) / 10})]);
    if (one.seen)
        pairs.push([say("documents"), say("{seen} that were judged are left", {seen: one.seen})]);
    if (one.first_seen)
        pairs.push([say("first met"), time(one.first_seen)]);
    pairs.push([say("posterior"), posterior(one.posterior)],
        [say("expected"), say("{rate}% of such are spam, which counts as {strength} lessons",
            {rate: Math.round(1000 * one.base_rate) / 10, strength: one.strength})]);
    if (one.limited)
        pairs.push([say("limited"), say("its type may say no more than this")]);
    return rows(pairs);
}

function lessons(list) {
    return list.map((lesson) => element("li", {}, time(lesson.time), " ",
        element("span", {class: lesson.label === "spam" ? "bad" : "good"}, lesson.label), " ",
        ...sayWith("by {who}, document {document}",
            {who: received(lesson.source), document: element("a",
                {href: "#/history/" + lesson.document}, lesson.document)})));
}

function verdicts(list) {
    const most = Math.max(2, ...list.map((one) => Math.abs(one.part)));
    return list.map((one) => {
        const title = received(one.subject.trim() || say("(no subject)"));
        return element("li", {}, time(one.time), " ",
            element("span", {class: "state"}, actionName(one.action)), " ",
            element("a", {href: one.id ? "#/held/" + one.id : "#/history/" + one.document}, title), " ",
            element("span", {class: "faint"}, received(one.sender), " · ", say("{odds} in all ({share})",
                {odds: signed(one.log_odds), share: percent(one.log_odds)})),
            element("div", {class: "reason"},
                element("span", {class: "words faint"}, say("its part")), bar(one.part, most),
                element("span", {class: "value " + (one.part < 0 ? "good" : "bad")}, signed(one.part, 2))));
    });
}

function changes(list) {
    return list.map((one) => element("li", {}, time(one.time), " ", received(one.who), ": ",
        received(one.what)));
}

function events(name, none, items) {
    return [element("h2", {}, name), element("div", {class: "panel"}, items.length
        ? element("ol", {class: "history"}, ...items) : element("p", {class: "faint"}, none))];
}

function deedsForm(place, one, app) {
    const odds = element("input", {name: "log_odds", inputmode: "text", size: 8, "aria-label": say("Log-odds"),
        placeholder: say("as learned")});
    const days = element("input", {name: "days", inputmode: "decimal", size: 5, "aria-label": say("Days"),
        placeholder: "30"});
    const act = async (deed, button) => {
        if (!confirm(say(DEEDS[deed].ask, {identity: one.type + " " + one.value})))
            return;
        const body = {type: one.type, value: one.value};
        for (const [name, {value}] of [["log_odds", odds], ["days", days]]) {
            if (value.trim() && (deed === "set" || (deed === "pin" && name === "log_odds")))
                body[name] = Number.isFinite(Number(value)) ? Number(value) : value;
        }
        button.disabled = true;
        try {
            const {warning} = await post("reputation/" + deed, body);
            await showReputation(place, [one.type, one.value], app);
            place.querySelector("h1").tabIndex = -1;
            place.querySelector("h1").focus();
            app.tell(say("Done.") + (warning ? " " + say("But: {reason}.", {reason: warning}) : ""));
        } catch (failure) {
            button.disabled = false;
            app.fail(failure);
        }
    };
    return element("form", {class: "deeds", onsubmit: (event) => event.preventDefault()},
        element("label", {}, say("Log-odds"), " ", odds), element("label", {}, say("Days"), " ", days),
        ...Object.entries(DEEDS).map(([deed, {name}]) => {
            const button = element("button", {type: "button", onclick: () => act(deed, button)}, say(name));
            return button;
        }));
}

export async function showReputation(place, [type, value], app) {
    const one = await get("reputation/explain", {type, value, limit: PAGE});
    place.replaceChildren(
        element("p", {}, element("a", {href: "#/reputations"}, say("← all reputations"))),
        element("h1", {}, received(one.value), " ", element("span", {class: "faint"}, one.type)),
        element("div", {class: "panel"}, facts(one),
            one.counted.ham || one.counted.spam ? decay(one) : null),
        ...(app.may("admin") ? [deedsForm(place, one, app)] : []),
        ...events(say("Lessons that shaped it lately"), say("None that is still in the log."),
            lessons(one.lessons)),
        ...events(say("Verdicts here that it moved"), say("None that is kept here."), verdicts(one.verdicts)),
        ...events(say("Changes by admins here"), say("None."), changes(one.changes)));
}
