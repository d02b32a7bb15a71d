// What is held: the list with its search, and one entry with its reasons, text and deeds. Each page
// is made in the `place` that is given, and may give the element that is to have the focus.

import {get, post} from "./api.js";
import {bar, element, percent, received, rows, signed, time} from "./dom.js";

const STATES = ["open", "all", "confirmed", "released", "deleted", "gone", "superseded"];
const DEEDS = {
    release: {name: "Release", main: true, hint: "deliver it, and learn that it is wanted"},
    confirm: {name: "Confirm as spam", hint: "learn that it is spam; it stays until it is deleted"},
    delete: {name: "Delete", ask: "Delete it for good?", hint: "do away with it"},
};
const OUTCOMES = {
    "release-requested": "It is on its way out of the hold queue.",
    released: "It is released.",
    confirmed: "It is confirmed as spam, and stays here until it is deleted.",
    "delete-requested": "It is about to be deleted.",
    deleted: "It is deleted.",
};
const PAGE = 50, PAGE_MOST = 200;
const FOLLOW_MS = 1000, FOLLOW_TIMES = 30;

// Where somebody comes back to from an entry: the same search, as long a list, the same line.
const left = {address: "#/held", count: PAGE, id: ""};

function select(name, label, values, chosen) {
    return element("select", {name, "aria-label": label}, ...values.map((value) =>
        element("option", {value, selected: value === chosen}, value || "mail and feeds")));
}

function title(item) {
    return item.subject.trim() || "(no subject)";
}

// The roles are those that the elements have, and lose where the phone's layout makes them blocks.
function line(item) {
    return element("tr", {role: "row"},
        element("td", {role: "cell", class: "time"}, time(item.held_s)),
        element("td", {role: "cell"},
            element("a", {href: "#/held/" + item.id, onclick: () => { left.id = item.id; }},
                received(title(item))),
            element("div", {class: "faint"}, received(item.sender),
                ...(item.recipients.length ? [" → ", received(item.recipients.join(", "))] : []))),
        element("td", {role: "cell"}, element("span", {class: "state"}, item.state)),
        element("td", {role: "cell", class: "number"}, percent(item.log_odds)));
}

function searchForm(wish, app) {
    const form = element("form", {class: "search", role: "search", onsubmit: (event) => {
        event.preventDefault();
        app.go("#/held?" + new URLSearchParams(new FormData(form)));
    }},
        element("input", {type: "search", name: "q", value: wish.q, "aria-label": "Search",
            placeholder: "sender, recipient, subject, queue id"}),
        select("stream", "Stream", ["", "mail", "feeds"], wish.stream),
        select("state", "State", STATES, wish.state),
        element("button", {class: "main"}, "Search"));
    return form;
}

export async function showList(place, parameters, app) {
    const wish = {
        stream: parameters.get("stream") || "",
        state: parameters.get("state") || "open",
        q: parameters.get("q") || "",
    };
    if (left.address !== location.hash)
        Object.assign(left, {address: location.hash, count: PAGE, id: ""});
    const page = await get("held", {...wish, limit: Math.min(left.count, PAGE_MOST)});
    const body = element("tbody", {role: "rowgroup"}, ...page.items.map(line));
    const more = element("button", {type: "button", hidden: !page.next, onclick: async () => {
        more.disabled = true;
        try {
            const next = await get("held", {...wish, after: page.next});
            const older = next.items.map(line);
            body.append(...older);
            left.count = body.rows.length;
            page.next = next.next;
            more.hidden = !next.next;
            if (older.length)
                older[0].querySelector("a").focus();
        } catch (failure) {
            app.fail(failure);
        }
        more.disabled = false;
    }}, "Older ones");
    const table = element("table", {role: "table"},
        element("thead", {role: "rowgroup"}, element("tr", {role: "row"},
            ...["held", "what", "state", "spam"].map((name) =>
                element("th", {role: "columnheader", scope: "col",
                    class: name === "spam" && "number"}, name)))),
        body);
    const total = page.total_open.mail + page.total_open.feeds;
    place.append(
        element("h1", {}, "Held"),
        element("p", {class: "faint"}, total === 1 ? "One waits for review." : total + " wait for review."),
        searchForm(wish, app),
        ...page.failed.map((reason) => element("p", {class: "notice bad", role: "status"},
            "Not all is shown: " + reason)),
        page.items.length ? table : element("p", {class: "empty"},
            wish.q ? "Nothing that is held says that." : "Nothing is held here."),
        more);
    return left.id && body.querySelector('a[href="#/held/' + left.id + '"]');
}

// The words are the server's. `most` is what fills half of a bar's room.
function reason(words, {log_odds, symbol}, most) {
    return element("div", {class: "reason"},
        element("span", {class: "words"}, words,
            symbol ? element("span", {class: "faint"}, " [" + symbol + "]") : null),
        bar(log_odds, most),
        element("span", {class: "value " + (log_odds < 0 ? "good" : "bad")}, signed(log_odds, 2)));
}

function reasons(groups) {
    if (!groups.length)
        return element("p", {class: "faint"}, "The reasons were not kept.");
    const most = Math.max(2, ...groups.flatMap((group) =>
        [group, ...group.reasons].map((one) => Math.abs(one.log_odds))));
    return element("ul", {class: "reasons"},
        element("li", {class: "legend", "aria-hidden": "true"},
            element("div", {class: "reason"},
                element("span", {class: "scale"}, element("span", {class: "good"}, "← wanted"),
                    element("span", {class: "bad"}, "spam →")))),
        ...groups.map((group) => element("li", {},
            reason(element("strong", {}, group.name), group, most),
            element("ul", {}, ...group.reasons.map((one) =>
                element("li", {}, reason(received(one.words), one, most)))))));
}

function history(past) {
    return element("ol", {class: "history"}, ...past.map((step) => element("li", {},
        time(step.at_s), " ", element("span", {class: "state"}, step.state),
        ...(step.by ? [" by ", received(step.by)] : []))));
}

// Where a link leads is shown, not linked.
function link({text, url}) {
    const target = element("code", {}, received(url));
    return text && text !== url ? element("li", {}, received(text), " → ", target)
        : element("li", {}, target);
}

async function preview(panel, id) {
    try {
        const page = await get("held/" + id + "/preview");
        const files = (page.attachments || []).map((file) => element("li", {},
            received(file.name || "(no name)"),
            ", " + file.type + ", " + file.bytes.toLocaleString() + " bytes"));
        const links = (page.links || []).map(link);
        panel.replaceChildren(
            rows([["from", page.from], ["to", page.to], ["date", page.date]]),
            element("pre", {class: "text", tabindex: 0, role: "region", "aria-label": "Text"}, page.text),
            ...(page.truncated ? [element("p", {class: "faint"}, "There is more of it.")] : []),
            ...(files.length ? [element("h3", {}, "Files"), element("ul", {}, ...files)] : []),
            ...(links.length ? [element("h3", {}, "Links"), element("ul", {}, ...links)] : []));
    } catch (failure) {
        panel.replaceChildren(element("p", {class: "faint"}, failure.message));
    }
}

// Mail is released and deleted by weir-release in a moment: the page says when it was done.
async function follow(place, item, outcome, app) {
    for (let look = 0; look < FOLLOW_TIMES; look++) {
        await new Promise((resolve) => { setTimeout(resolve, FOLLOW_MS); });
        if (!outcome.isConnected)
            return;
        let now;
        try {
            now = await get("held/" + item.id);
        } catch {
            continue;
        }
        if (now.state !== item.state && outcome.isConnected) {
            outcome.textContent = OUTCOMES[now.state] || "It is " + now.state + ".";
            place.querySelector(".state").textContent = now.state;
            place.querySelector(".history").replaceWith(history(now.history));
            place.querySelector(".deeds").replaceChildren(...deeds(place, now, app));
            return;
        }
    }
}

async function act(place, item, deed, app) {
    const {ask} = DEEDS[deed];
    if (ask && !confirm(ask))
        return;
    const buttons = place.querySelectorAll(".deeds button");
    let outcome;
    for (const button of buttons)
        button.disabled = true;
    try {
        const done = await post("held/" + item.id + "/" + deed);
        outcome = {text: (OUTCOMES[done.state] || "It is " + done.state + ".") +
            (done.changed ? "" : " It was so already.") +
            (done.warning ? " But: " + done.warning + "." : "")};
    } catch (failure) {
        outcome = {text: failure.message, failed: failure};
    }
    try {
        if (outcome.failed && outcome.failed.status === 401)
            throw outcome.failed;
        const focus = await showOne(place, item.id, app, outcome);
        if (place.isConnected)
            focus.focus();
    } catch (failure) {
        for (const button of buttons)
            button.disabled = false;
        app.fail(failure.status === 401 ? failure : outcome.failed || failure);
    }
}

function deeds(place, item, app) {
    return item.deeds.map((deed) => element("button", {
        type: "button", class: DEEDS[deed].main ? "main" : false, title: DEEDS[deed].hint,
        onclick: () => act(place, item, deed, app),
    }, DEEDS[deed].name));
}

// `outcome`: {text, failed} of the deed that was just done here, if one was.
export async function showOne(place, id, app, outcome) {
    const item = await get("held/" + encodeURIComponent(id));
    const text = element("div", {class: "panel"}, element("p", {class: "faint"}, "…"));
    const about = item.item || {}, mail = item.stream === "mail";
    const told = outcome && element("p", {
        class: outcome.failed ? "notice bad" : "notice done", role: "status", tabindex: -1,
    }, outcome.text);
    place.replaceChildren(
        element("p", {}, element("a", {href: left.address}, "← all that is held")),
        element("h1", {}, received(title(item))),
        ...(told ? [told] : []),
        element("div", {class: "deeds"}, ...deeds(place, item, app)),
        element("div", {class: "panel"}, rows([
            ["state", element("span", {class: "state"}, item.state)],
            ["held", time(item.held_s)],
            ["since", time(item.changed_s)],
            [mail ? "sender" : "feed", item.sender],
            ["recipients", item.recipients.join(", ")],
            ["author", about.author],
            // Shown, not linked: it is spam until somebody says otherwise.
            ["link", about.link],
            [mail ? "queue id" : "guid", item.reference],
            ["spam", percent(item.log_odds) + " (" + signed(item.log_odds) + ")"],
        ])),
        element("h2", {}, "Why"),
        element("div", {class: "panel"}, reasons(item.reasons)),
        element("h2", {}, "What it says"), text,
        element("h2", {}, "History"),
        element("div", {class: "panel"}, history(item.history)));
    preview(text, id);
    if (told && item.state.endsWith("-requested"))
        follow(place, item, told, app);
    return told;
}
