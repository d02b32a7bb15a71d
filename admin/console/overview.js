// How the gateway stands, now and over time.

import {get} from "./api.js";
import {chart} from "./chart.js";
import {element, rows} from "./dom.js";
import {mark, number, say} from "./language.js";

const DAY_S = 24 * 3600;

// Kinds of verdicts, as records name them, and of what was held, by the state it is in now.
const VERDICTS = [
    {name: mark("accept"), class: "chart-good", of: ["accept"]},
    {name: mark("tag"), class: "chart-mild", of: ["tag", "tag (observed)"]},
    {name: mark("hold"), class: "chart-held", of: ["hold", "hold (observed)"]},
    {name: mark("reject"), class: "chart-bad", of: ["reject", "reject (observed)"]},
    {name: mark("defer"), class: "chart-rest", of: ["defer", "defer (observed)"]},
];
const OUTCOMES = [
    {name: mark("open"), class: "chart-held", of: ["pending", "held", "release-requested"]},
    {name: mark("released"), class: "chart-good", of: ["released"]},
    {name: mark("spam or deleted"), class: "chart-bad", of: ["confirmed", "delete-requested", "deleted"]},
    {name: mark("gone"), class: "chart-rest", of: ["gone", "superseded"]},
];

function kindsOf(kinds, spans, counted, member) {
    return kinds.map((kind) => {
        const counts = new Array(spans.count).fill(0);
        for (const one of counted) {
            if (kind.of.includes(one[member]))
                counts[one.span] += one.count;
        }
        return {name: say(kind.name), class: kind.class, counts};
    });
}

function verdicts(sums) {
    const known = Object.entries(sums || {});
    if (!known.length)
        return element("p", {class: "faint"}, say("nothing"));
    return rows(known.map(([action, count]) => [actionName(action), number(count)]));
}

// "hold (observed)": what would have been done.
export function actionName(action) {
    const [name, observed] = action.split(" ");
    return observed ? say("{action} (observed)", {action: say(name)}) : say(name);
}

function streamName(stream) {
    return stream === "mail" ? say("Mail") : say("Feeds");
}

function stream(part) {
    const name = streamName(part.stream);
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

function store(page) {
    return element("section", {class: "panel"},
        element("h2", {}, say("What is learned")),
        rows([
            [say("store"), page.store.url],
            ["", element("span", {class: page.store.up ? "good" : "bad"},
                page.store.up ? say("answers") : say("is away"))],
            [say("lessons"), number(page.model.lessons)],
            [say("log"), say("version {version}", {version: page.model.version})],
            [say("waiting"), page.journal.lessons ? number(page.journal.lessons) : ""],
            ["weir", page.version],
        ]));
}

function chartsOf(hours, days, index) {
    const hour = hours.streams[index], day = days.streams[index];
    return element("section", {class: "panel"},
        element("h2", {}, streamName(hour.stream)),
        element("div", {class: "charts"},
            chart(say("verdicts, hour by hour"), hours, kindsOf(VERDICTS, hours, hour.verdicts, "action")),
            chart(say("verdicts, day by day"), days, kindsOf(VERDICTS, days, day.verdicts, "action")),
            chart(say("held, day by day, and what became of it"), days,
                kindsOf(OUTCOMES, days, day.held, "state"))));
}

// The charts are more than all else: what stands above does not wait for them, or fail with them.
async function fillCharts(place, keep_s) {
    try {
        const zone = -new Date().getTimezoneOffset();
        const [hours, days, soon] = await Promise.all([get("history/series", {bucket: "hour", zone}),
            get("history/series", {bucket: "day", zone}), expiring(keep_s)]);
        place.replaceChildren(...(soon ? [soon] : []), element("h2", {}, say("Over time")),
            ...hours.streams.map((_, index) => chartsOf(hours, days, index)));
    } catch (failure) {
        place.replaceChildren(element("p", {class: "notice", role: "status"}, failure.message));
    }
}

// What is let go of within a day, unless somebody looks at it.
async function expiring(keep_s) {
    const until = "@" + Math.floor(Date.now() / 1000 - keep_s + DAY_S);
    const {count} = await get("held", {form: "count", state: "open", until});
    const href = "#/held?" + new URLSearchParams({state: "open", until});
    return count ? element("p", {class: "notice"}, element("a", {href}, count === 1
        ? say("One that is held expires within a day.")
        : say("{count} that are held expire within a day.", {count}))) : null;
}

export async function showOverview(place) {
    const page = await get("overview");
    const charts = element("div", {class: "over-time"});
    place.append(
        element("h1", {}, page.gateway),
        ...(page.store.up ? [] : [element("p", {class: "notice", role: "alert"},
            say("The counts store is away: {reason}. Mail and feeds pass, and lessons wait.",
                {reason: page.store.detail}))]),
        element("div", {class: "cards"}, ...page.streams.map(stream), store(page)),
        charts);
    fillCharts(charts, page.keep_s);
}
