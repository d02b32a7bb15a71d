// How the gateway stands.

import {get} from "./api.js";
import {element, rows} from "./dom.js";
import {mark, number, say} from "./language.js";

// As records name them.
export const ACTIONS = [mark("accept"), mark("tag"), mark("hold"), mark("hold (observed)"),
    mark("reject"), mark("reject (observed)"), mark("defer")];

function verdicts(sums) {
    const known = Object.entries(sums || {});
    if (!known.length)
        return element("p", {class: "faint"}, say("nothing"));
    return rows(known.map(([action, count]) => [say(action), number(count)]));
}

function stream(part) {
    const name = part.stream === "mail" ? say("Mail") : say("Feeds");
    if (!part.available)
        return element("section", {class: "panel"}, element("h2", {}, name),
            element("p", {class: "bad"}, part.error));
    return element("section", {class: "panel"},
        element("h2", {}, name),
        element("p", {}, element("a", {class: "big", href: "#/held?stream=" + part.stream},
            number(part.held)), " " + say("held")),
        element("h3", {}, say("last day")), verdicts(part.last_day),
        element("h3", {}, say("last week")), verdicts(part.last_week));
}

export async function showOverview(place) {
    const page = await get("overview");
    place.append(
        element("h1", {}, page.gateway),
        ...(page.store.up ? [] : [element("p", {class: "notice", role: "alert"},
            say("The counts store is away: {reason}. Mail and feeds pass, and lessons wait.",
                {reason: page.store.detail}))]),
        element("div", {class: "cards"},
            ...page.streams.map(stream),
            element("section", {class: "panel"},
                element("h2", {}, say("What is learned")),
                rows([
                    [say("store"), page.store.url],
                    ["", element("span", {class: page.store.up ? "good" : "bad"},
                        page.store.up ? say("answers") : say("is away"))],
                    [say("lessons"), number(page.model.lessons)],
                    [say("log"), say("version {version}", {version: page.model.version})],
                    [say("waiting"), page.journal.lessons ? number(page.journal.lessons) : ""],
                    ["weir", page.version],
                ]))));
}
