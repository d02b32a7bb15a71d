// What is held: the list with its search, and one entry with its reasons, text and deeds.

import {get, post} from "./api.js";
import {bar, element, percent, rows, signed, time} from "./dom.js";

const STATES = ["open", "all", "confirmed", "released", "deleted", "gone", "superseded"];
const DEEDS = {
    release: {name: "Release", main: true, hint: "deliver it, and learn that it is wanted"},
    confirm: {name: "Confirm as spam", hint: "learn that it is spam; it stays until it is deleted"},
    delete: {name: "Delete", ask: "Delete it for good?", hint: "do away with it"},
};

function select(name, label, values, chosen) {
    return element("select", {name, "aria-label": label}, ...values.map((value) =>
        element("option", {value, selected: value === chosen}, value || "mail and feeds")));
}

function line(item) {
    const title = item.subject.trim() || "(no subject)";
    return element("tr", {},
        element("td", {class: "time"}, time(item.held_s)),
        element("td", {}, element("a", {href: "#/held/" + item.id}, title),
            element("div", {class: "faint"}, item.sender,
                item.recipients.length ? " → " + item.recipients.join(", ") : "")),
        element("td", {}, element("span", {class: "state"}, item.state)),
        element("td", {class: "number"}, percent(item.log_odds)));
}

export async function showList(main, parameters) {
    const stream = parameters.get("stream") || "", state = parameters.get("state") || "open";
    const q = parameters.get("q") || "";
    const wish = {stream, state, q};
    const page = await get("held", wish);
    const body = element("tbody", {}, ...page.items.map(line));
    const total = page.total_open.mail + page.total_open.feeds;
    const search = element("form", {class: "search", role: "search", onsubmit: (event) => {
        event.preventDefault();
        const query = new URLSearchParams(new FormData(search));
        location.hash = "#/held?" + query;
    }},
        element("input", {type: "search", name: "q", value: q, "aria-label": "Search",
            placeholder: "sender, recipient, subject, queue id"}),
        select("stream", "Stream", ["", "mail", "feeds"], stream),
        select("state", "State", STATES, state),
        element("button", {class: "main"}, "Search"));
    const more = element("button", {type: "button", hidden: !page.next, onclick: async () => {
        more.disabled = true;
        const next = await get("held", {...wish, after: page.next});
        body.append(...next.items.map(line));
        page.next = next.next;
        more.disabled = false;
        more.hidden = !next.next;
    }}, "Older ones");
    const table = element("table", {},
        element("thead", {}, element("tr", {},
            ...["held", "what", "state", "spam"].map((name) => element("th", {scope: "col"}, name)))),
        body);
    main.replaceChildren(
        element("h1", {}, "Held"),
        element("p", {class: "faint"}, total === 1 ? "One waits for review." : total + " wait for review."),
        search,
        page.items.length ? table : element("p", {class: "empty"},
            q ? "Nothing that is held says that." : "Nothing is held here."),
        more);
}

function reasons(verdict) {
    if (!verdict || !verdict.terms)
        return element("p", {class: "faint"}, "The reasons were not kept.");
    const most = Math.max(2, ...verdict.terms.map((term) => Math.abs(term.log_odds)));
    return element("ul", {class: "reasons"}, ...verdict.terms.map((term) =>
        element("li", {},
            element("span", {class: "symbol"}, term.symbol),
            bar(term.log_odds, most),
            element("span", {class: "value " + (term.log_odds < 0 ? "good" : "bad")},
                signed(term.log_odds)),
            term.detail ? element("span", {class: "detail"}, term.detail) : null)));
}

async function preview(panel, id) {
    try {
        const page = await get("held/" + id + "/preview");
        const files = (page.attachments || []).map((file) => element("li", {},
            (file.name || "(no name)") + ", " + file.type + ", " + file.bytes.toLocaleString() + " bytes"));
        // Where links lead is shown, not linked.
        const links = (page.links || []).map((link) => element("li", {},
            link.text && link.text !== link.url ? link.text + " → " + link.url : link.url));
        panel.replaceChildren(
            rows([["from", page.from], ["to", page.to], ["date", page.date]]),
            element("pre", {class: "text"}, page.text),
            ...(page.truncated ? [element("p", {class: "faint"}, "There is more of it.")] : []),
            ...(files.length ? [element("h3", {}, "Files"), element("ul", {}, ...files)] : []),
            ...(links.length ? [element("h3", {}, "Links"), element("ul", {}, ...links)] : []));
    } catch (failure) {
        panel.replaceChildren(element("p", {class: "faint"}, failure.message));
    }
}

async function act(main, id, deed, say) {
    if (DEEDS[deed].ask && !confirm(DEEDS[deed].ask))
        return;
    try {
        const done = await post("held/" + id + "/" + deed);
        say(id + " is " + done.state + (done.changed ? "" : " already") + "." +
            (done.warning ? " But: " + done.warning : ""));
    } catch (failure) {
        if (failure.status === 401)
            throw failure;
        say(failure.message);
    }
    await showOne(main, id, say);
}

export async function showOne(main, id, say) {
    const item = await get("held/" + encodeURIComponent(id));
    const text = element("div", {class: "panel"}, element("p", {class: "faint"}, "…"));
    const deeds = item.deeds.map((deed) => element("button", {
        type: "button", class: DEEDS[deed].main ? "main" : false, title: DEEDS[deed].hint,
        onclick: (event) => {
            event.target.disabled = true;
            act(main, id, deed, say).catch((failure) => say(failure.message));
        },
    }, DEEDS[deed].name));
    const about = item.item || {};
    main.replaceChildren(
        element("p", {}, element("a", {href: "#/held"}, "← all that is held")),
        element("h1", {}, item.subject.trim() || "(no subject)"),
        element("div", {class: "deeds"}, ...deeds),
        element("div", {class: "panel"}, rows([
            ["state", element("span", {class: "state"}, item.state)],
            ["held", time(item.held_s)],
            ["since", time(item.changed_s)],
            [item.stream === "mail" ? "sender" : "feed", item.sender],
            ["recipients", item.recipients.join(", ")],
            ["author", about.author],
            // Shown, not linked: it is spam until somebody says otherwise.
            ["link", about.link],
            [item.stream === "mail" ? "queue id" : "guid", item.reference],
            ["spam", percent(item.log_odds) + " (" + signed(item.log_odds) + ")"],
        ])),
        element("h2", {}, "Why"),
        element("div", {class: "panel"}, reasons(item.verdict)),
        element("h2", {}, "What it says"), text);
    preview(text, id);
}
