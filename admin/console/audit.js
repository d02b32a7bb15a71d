// Who did what when, newest first, with filters.

import {get} from "./api.js";
import {element, received, time} from "./dom.js";
import {mark, say} from "./language.js";
import {more, table} from "./list.js";

const FILTERS = [
    {name: "who", label: mark("Who")},
    {name: "what", label: mark("Deed"), hint: mark("pin, release, log-in")},
    {name: "subject", label: mark("To what"), hint: mark("m12, ip 192.0.2.1")},
    {name: "since", label: mark("Since"), hint: mark("24h, 2026-01-31")},
    {name: "until", label: mark("Until"), hint: mark("24h, 2026-01-31")},
];

// What was done to an entry or a reputation leads there.
function subject(line) {
    const [type, value] = [line.subject.split(" ")[0], line.subject.split(" ").slice(1).join(" ")];
    if (/^[mf][0-9]+$/.test(line.subject) && !line.what.startsWith("user-"))
        return element("a", {href: "#/held/" + line.subject}, line.subject);
    if (value && /^(set|pin|learned|forget)\b/.test(line.what))
        return element("a", {href: "#/reputation/" + encodeURIComponent(type) + "/" +
            encodeURIComponent(value)}, received(line.subject));
    return received(line.subject);
}

function cells(line) {
    return [
        {class: "time", content: [time(line.time)]},
        {content: [received(line.who)]},
        {class: line.what.startsWith("refused-") && "bad", content: [received(line.what)]},
        {content: [subject(line)]},
    ];
}

function filterForm(wish, app) {
    const form = element("form", {class: "search", role: "search", onsubmit: (event) => {
        event.preventDefault();
        app.search("#/audit", form);
    }},
        element("div", {class: "filters fields"}, ...FILTERS.map(({name, label, hint}) =>
            element("label", {}, say(label), element("input", {type: "search", name, value: wish[name],
                placeholder: hint && say(hint), autocapitalize: "none", spellcheck: "false"})))),
        element("button", {class: "main"}, say("Search")));
    return form;
}

export async function showAudit(place, parameters, app) {
    const wish = Object.fromEntries(FILTERS.map(({name}) => [name, parameters.get(name) || ""]));
    const page = await get("audit", wish);
    const heads = [mark("time"), mark("who"), mark("deed"), mark("to what")];
    const {node, add} = table(heads, page.items.map(cells));
    place.append(
        element("h1", {}, say("Audit")),
        filterForm(wish, app),
        page.items.length ? node : element("p", {class: "empty"}, say("Nothing like that was done.")),
        more(page, (after) => get("audit", {...wish, after}), (items) => add(items.map(cells)), app));
}
