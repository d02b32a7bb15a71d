// What lists and entries share: a table of lines, the way to older ones, reasons with their bars.

import {bar, element, received, signed} from "./dom.js";
import {say} from "./language.js";

// The roles are those that the elements have, and lose where the phone's layout makes them blocks.
function line(heads, cells) {
    return element("tr", {role: "row"}, ...cells.map((cell, column) =>
        element("td", {role: "cell", class: cell.class, "data-head": say(heads[column])},
            ...cell.content)));
}

// `lines`: lists of {class, content: [child, …]}; of class "number" is what stands to the right.
export function table(heads, lines) {
    const body = element("tbody", {role: "rowgroup"}, ...lines.map((cells) => line(heads, cells)));
    const node = element("table", {role: "table", class: "lines"},
        element("thead", {role: "rowgroup"}, element("tr", {role: "row"}, ...heads.map((head, column) =>
            element("th", {role: "columnheader", scope: "col",
                class: lines.length > 0 && /\bnumber\b/.test(lines[0][column].class) && "number"},
                say(head))))),
        body);
    const add = (more) => {
        const rows = more.map((cells) => line(heads, cells));
        body.append(...rows);
        return rows;
    };
    return {node, body, add};
}

// The button that fetches what comes behind `page`: `fetchPage(cursor)`, `add(items)` gives rows.
export function more(page, fetchPage, add, app) {
    const button = element("button", {type: "button", hidden: !page.next, onclick: async () => {
        button.disabled = true;
        try {
            const next = await fetchPage(page.next), rows = add(next.items);
            page.next = next.next;
            button.hidden = !next.next;
            const first = rows.length && (rows[0].querySelector("a") || rows[0]);
            if (first === rows[0])
                first.tabIndex = -1;
            if (first)
                first.focus();
        } catch (failure) {
            app.fail(failure);
        }
        button.disabled = false;
    }}, say("Older ones"));
    return button;
}

// A list has the first of many recipients only.
export function recipients(item) {
    const shown = item.recipients.join(", ");
    return item.recipients_more ? say("{shown} and {count} more", {shown, count: item.recipients_more}) : shown;
}

// The words are the server's. `most` is what fills half of a bar's room.
function reason(words, {log_odds, symbol}, most) {
    return element("div", {class: "reason"},
        element("span", {class: "words"}, words,
            symbol ? element("span", {class: "faint"}, " [" + symbol + "]") : null),
        bar(log_odds, most),
        element("span", {class: "value " + (log_odds < 0 ? "good" : "bad")}, signed(log_odds, 2)));
}

export function reasons(groups) {
    if (!groups.length)
        return element("p", {class: "faint"}, say("The reasons were not kept."));
    const most = Math.max(2, ...groups.flatMap((group) =>
        [group, ...group.reasons].map((one) => Math.abs(one.log_odds))));
    return element("ul", {class: "reasons"},
        element("li", {class: "scales", "aria-hidden": "true"},
            element("div", {class: "reason"},
                element("span", {class: "scale"}, element("span", {class: "good"}, say("← wanted")),
                    element("span", {class: "bad"}, say("spam →"))))),
        ...groups.map((group) => element("li", {},
            reason(element("strong", {}, group.name), group, most),
            element("ul", {}, ...group.reasons.map((one) =>
                element("li", {}, reason(received(one.words), one, most)))))));
}
