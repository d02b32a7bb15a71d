// How the gateway stands.

import {get} from "./api.js";
import {element, rows} from "./dom.js";

function verdicts(sums) {
    const known = Object.entries(sums || {});
    if (!known.length)
        return element("p", {class: "faint"}, "nothing");
    return rows(known.map(([action, count]) => [action, count.toLocaleString()]));
}

function stream(part) {
    const name = part.stream === "mail" ? "Mail" : "Feeds";
    if (!part.available)
        return element("section", {class: "panel"}, element("h2", {}, name),
            element("p", {class: "bad"}, part.error));
    return element("section", {class: "panel"},
        element("h2", {}, name),
        element("p", {}, element("a", {class: "big", href: "#/held?stream=" + part.stream},
            String(part.held)), " held"),
        element("h3", {}, "last day"), verdicts(part.last_day),
        element("h3", {}, "last week"), verdicts(part.last_week));
}

export async function showOverview(place) {
    const page = await get("overview");
    place.append(
        element("h1", {}, page.gateway),
        ...(page.store.up ? [] : [element("p", {class: "notice", role: "alert"},
            "The counts store is away: ", page.store.detail,
            ". Mail and feeds pass, and lessons wait.")]),
        element("div", {class: "cards"},
            ...page.streams.map(stream),
            element("section", {class: "panel"},
                element("h2", {}, "What is learned"),
                rows([
                    ["store", page.store.url],
                    ["", element("span", {class: page.store.up ? "good" : "bad"},
                        page.store.up ? "answers" : "is away")],
                    ["lessons", page.model.lessons.toLocaleString()],
                    ["log", "version " + page.model.version],
                    ["waiting", page.journal.lessons ? String(page.journal.lessons) : ""],
                    ["weir", page.version],
                ]))));
}
