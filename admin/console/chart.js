// Counts over time as bars of a few kinds, one on the other, in SVG; and the same as a table.

import {element, svg} from "./dom.js";
import {currentLocale, number, say} from "./language.js";

const WIDTH = 400, HEIGHT = 130, LEFT = 40, TOP = 8, BOTTOM = 18;
const DAY_S = 24 * 3600;

// The start of a span, short.
function name(seconds, width_s) {
    const form = width_s < DAY_S ? {hour: "2-digit", minute: "2-digit"} : {day: "numeric", month: "short"};
    return new Date(seconds * 1000).toLocaleString(currentLocale(), form);
}

// A round number that is not below `most`, so that half of it is whole: 2, 4, 10, 20, 40, 100 …
function roundUp(most) {
    let step = 1;
    for (;;) {
        for (const times of [2, 4]) {
            if (times * step >= most)
                return times * step;
        }
        step *= 10;
        if (step >= most)
            return step;
    }
}

function label(text, x, y, anchor) {
    const node = svg("text", {x, y, "text-anchor": anchor, class: "chart-label"});
    node.textContent = text;
    return node;
}

function bars(spans, kinds, totals, top) {
    const room = (WIDTH - LEFT) / spans.count, height = HEIGHT - TOP - BOTTOM;
    return totals.flatMap((total, span) => {
        let below = 0;
        return kinds.filter((kind) => kind.counts[span]).map((kind) => {
            const count = kind.counts[span], tall = count / top * height;
            below += tall;
            const bar = svg("rect", {
                x: LEFT + span * room + room * .1, y: HEIGHT - BOTTOM - below, width: room * .8,
                height: tall, class: kind.class,
            });
            const words = svg("title", {});
            words.textContent = name(spans.since_s + span * spans.width_s, spans.width_s) + ", " +
                kind.name + ": " + number(count);
            bar.append(words);
            return bar;
        });
    });
}

function picture(title, spans, kinds, totals) {
    const top = roundUp(Math.max(...totals)), all = totals.reduce((sum, one) => sum + one, 0);
    const at = (span) => name(spans.since_s + span * spans.width_s, spans.width_s);
    const drawing = svg("svg", {
        viewBox: "0 0 " + WIDTH + " " + HEIGHT, role: "img", class: "chart",
        "aria-label": say("{title}: {count} in all", {title, count: all}),
    });
    for (const part of [0, .5, 1]) {
        const y = TOP + (HEIGHT - TOP - BOTTOM) * (1 - part);
        drawing.append(svg("line", {x1: LEFT, x2: WIDTH, y1: y, y2: y, class: "grid"}),
            label(number(top * part, {notation: "compact"}), LEFT - 4, y + 4, "end"));
    }
    drawing.append(...bars(spans, kinds, totals, top),
        label(at(0), LEFT, HEIGHT - 4, "start"),
        label(at(Math.floor(spans.count / 2)), (WIDTH + LEFT) / 2, HEIGHT - 4, "middle"),
        label(at(spans.count - 1), WIDTH, HEIGHT - 4, "end"));
    return drawing;
}

function table(title, spans, kinds, totals) {
    const lines = totals.map((total, span) => total && element("tr", {},
        element("th", {scope: "row"}, name(spans.since_s + span * spans.width_s, spans.width_s)),
        ...kinds.map((kind) => element("td", {class: "number"}, number(kind.counts[span])))));
    return element("details", {class: "figures"},
        element("summary", {}, say("as a table")),
        element("div", {class: "scroll", tabindex: 0, role: "region", "aria-label": title},
            element("table", {}, element("caption", {}, title),
                element("thead", {}, element("tr", {}, element("th", {scope: "col"}, say("from")),
                    ...kinds.map((kind) => element("th", {scope: "col", class: "number"}, kind.name)))),
                element("tbody", {}, ...lines.filter(Boolean)))));
}

// `spans`: {since_s, width_s, count}; `kinds`: [{name, class, counts: [one for each span]}].
export function chart(title, spans, kinds) {
    const shown = kinds.filter((kind) => kind.counts.some(Boolean));
    const totals = Array.from({length: spans.count}, (_, span) =>
        shown.reduce((sum, kind) => sum + kind.counts[span], 0));
    if (!shown.length)
        return element("figure", {}, element("figcaption", {}, title),
            element("p", {class: "faint"}, say("nothing")));
    return element("figure", {},
        element("figcaption", {}, title),
        picture(title, spans, shown, totals),
        element("ul", {class: "legend", "aria-hidden": "true"}, ...shown.map((kind) =>
            element("li", {}, swatch(kind.class), kind.name))),
        table(title, spans, shown, totals));
}

function swatch(kind) {
    const drawing = svg("svg", {viewBox: "0 0 10 10", class: "swatch"});
    drawing.append(svg("rect", {width: 10, height: 10, class: kind}));
    return drawing;
}
