// What is held: the list with its search, and one entry with its reasons, text and deeds. Each page
// is made in the `place` that is given, and may give the element that is to have the focus.

import {get, post} from "./api.js";
import {bar, element, percent, received, rows, signed, time} from "./dom.js";
import {mark, number, say, sayWith} from "./language.js";

// What can be searched for, and what else an entry can be.
const STATES = [mark("open"), mark("all"), mark("held"), mark("confirmed"), mark("released"),
    mark("deleted"), mark("gone"), mark("superseded")];
mark("pending"), mark("release-requested"), mark("delete-requested");
const STREAMS = ["", mark("mail"), mark("feeds")];
const DEEDS = {
    release: {name: mark("Release"), main: true,
        hint: mark("deliver it, and learn that it is wanted")},
    confirm: {name: mark("Confirm as spam"),
        hint: mark("learn that it is spam; it stays until it is deleted")},
    delete: {name: mark("Delete"), ask: mark("Delete it for good?"), hint: mark("do away with it")},
};
const OUTCOMES = {
    "release-requested": mark("It is on its way out of the hold queue."),
    released: mark("It is released."),
    confirmed: mark("It is confirmed as spam, and stays here until it is deleted."),
    "delete-requested": mark("It is about to be deleted."),
    deleted: mark("It is deleted."),
};
const PAGE = 50, PAGE_MOST = 200;
const FOLLOW_MS = 1000, FOLLOW_TIMES = 30;

// Where somebody comes back to from an entry: the same search, as long a list, the same line.
const left = {address: "#/held", count: PAGE, id: ""};

function select(name, label, values, chosen) {
    return element("select", {name, "aria-label": label}, ...values.map((value) =>
        element("option", {value, selected: value === chosen}, say(value || mark("mail and feeds")))));
}

function stateMark(state) {
    return element("span", {class: "state"}, say(state));
}

function title(item) {
    return item.subject.trim() || say("(no subject)");
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
        element("td", {role: "cell"}, stateMark(item.state)),
        element("td", {role: "cell", class: "number"}, percent(item.log_odds)));
}

function searchForm(wish, app) {
    const form = element("form", {class: "search", role: "search", onsubmit: (event) => {
        event.preventDefault();
        app.go("#/held?" + new URLSearchParams(new FormData(form)));
    }},
        element("input", {type: "search", name: "q", value: wish.q, "aria-label": say("Search"),
            placeholder: say("sender, recipient, subject, queue id")}),
        select("stream", say("Stream"), STREAMS, wish.stream),
        select("state", say("State"), STATES, wish.state),
        element("button", {class: "main"}, say("Search")));
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
    }}, say("Older ones"));
    const table = element("table", {role: "table"},
        element("thead", {role: "rowgroup"}, element("tr", {role: "row"},
            ...[mark("held"), mark("what"), mark("state"), mark("spam")].map((name) =>
                element("th", {role: "columnheader", scope: "col",
                    class: name === "spam" && "number"}, say(name))))),
        body);
    const total = page.total_open.mail + page.total_open.feeds;
    place.append(
        element("h1", {}, say("Held")),
        element("p", {class: "faint"}, total === 1 ? say("One waits for review.")
            : say("{count} wait for review.", {count: total})),
        searchForm(wish, app),
        ...page.failed.map((reason) => element("p", {class: "notice bad", role: "status"},
            say("Not all is shown: {reason}", {reason}))),
        page.items.length ? table : element("p", {class: "empty"},
            wish.q ? say("Nothing that is held says that.") : say("Nothing is held here.")),
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
        return element("p", {class: "faint"}, say("The reasons were not kept."));
    const most = Math.max(2, ...groups.flatMap((group) =>
        [group, ...group.reasons].map((one) => Math.abs(one.log_odds))));
    return element("ul", {class: "reasons"},
        element("li", {class: "legend", "aria-hidden": "true"},
            element("div", {class: "reason"},
                element("span", {class: "scale"}, element("span", {class: "good"}, say("← wanted")),
                    element("span", {class: "bad"}, say("spam →"))))),
        ...groups.map((group) => element("li", {},
            reason(element("strong", {}, group.name), group, most),
            element("ul", {}, ...group.reasons.map((one) =>
                element("li", {}, reason(received(one.words), one, most)))))));
}

function history(past) {
    return element("ol", {class: "history"}, ...past.map((step) => element("li", {},
        time(step.at_s), " ", ...(step.by
            ? sayWith("{state} by {who}", {state: stateMark(step.state), who: received(step.by)})
            : [stateMark(step.state)]))));
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
            ...sayWith("{name}, {type}, {bytes} bytes", {
                name: received(file.name || say("(no name)")), type: file.type,
                bytes: number(file.bytes)})));
        const links = (page.links || []).map(link);
        panel.replaceChildren(
            rows([[say("from"), page.from], [say("to"), page.to], [say("date"), page.date]]),
            element("pre", {class: "text", tabindex: 0, role: "region", "aria-label": say("Text")}, page.text),
            ...(page.truncated ? [element("p", {class: "faint"}, say("There is more of it."))] : []),
            ...(files.length ? [element("h3", {}, say("Files")), element("ul", {}, ...files)] : []),
            ...(links.length ? [element("h3", {}, say("Links")), element("ul", {}, ...links)] : []));
    } catch (failure) {
        panel.replaceChildren(element("p", {class: "faint"}, failure.message));
    }
}

function outcomeOf(state) {
    return OUTCOMES[state] ? say(OUTCOMES[state]) : say("It is now: {state}.", {state: say(state)});
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
            outcome.textContent = outcomeOf(now.state);
            place.querySelector(".state").textContent = say(now.state);
            place.querySelector(".history").replaceWith(history(now.history));
            place.querySelector(".deeds").replaceChildren(...deeds(place, now, app));
            return;
        }
    }
}

async function act(place, item, deed, app) {
    const {ask} = DEEDS[deed];
    if (ask && !confirm(say(ask)))
        return;
    const buttons = place.querySelectorAll(".deeds button");
    let outcome;
    for (const button of buttons)
        button.disabled = true;
    try {
        const done = await post("held/" + item.id + "/" + deed);
        outcome = {text: outcomeOf(done.state) +
            (done.changed ? "" : " " + say("It was so already.")) +
            (done.warning ? " " + say("But: {reason}.", {reason: done.warning}) : "")};
    } catch (failure) {
        outcome = {text: failure.message, failed: failure};
    }
    try {
        if (outcome.failed && outcome.failed.status === 401)
            throw outcome.failed;
        const focus = await showOne(place, [item.id], app, outcome);
        if (place.isConnected)
            focus.focus();
    } catch (failure) {
        for (const button of buttons)
            button.disabled = false;
        app.fail(failure.status === 401 ? failure : outcome.failed || failure);
    }
}

function deeds(place, item, app) {
    if (!app.may("reviewer"))
        return [];
    return item.deeds.map((deed) => element("button", {
        type: "button", class: DEEDS[deed].main ? "main" : false, title: say(DEEDS[deed].hint),
        onclick: () => act(place, item, deed, app),
    }, say(DEEDS[deed].name)));
}

// `outcome`: {text, failed} of the deed that was just done here, if one was.
export async function showOne(place, [id], app, outcome) {
    const item = await get("held/" + encodeURIComponent(id));
    const text = element("div", {class: "panel"}, element("p", {class: "faint"}, "…"));
    const about = item.item || {}, mail = item.stream === "mail";
    const told = outcome && element("p", {
        class: outcome.failed ? "notice bad" : "notice done", role: "status", tabindex: -1,
    }, outcome.text);
    place.replaceChildren(
        element("p", {}, element("a", {href: left.address}, say("← all that is held"))),
        element("h1", {}, received(title(item))),
        ...(told ? [told] : []),
        element("div", {class: "deeds"}, ...deeds(place, item, app)),
        element("div", {class: "panel"}, rows([
            [say("state"), stateMark(item.state)],
            [say("held"), time(item.held_s)],
            [say("since"), time(item.changed_s)],
            [mail ? say("sender") : say("feed"), item.sender],
            [say("recipients"), item.recipients.join(", ")],
            [say("author"), about.author],
            // Shown, not linked: it is spam until somebody says otherwise.
            [say("link"), about.link],
            [mail ? say("queue id") : say("guid"), item.reference],
            [say("spam"), percent(item.log_odds) + " (" + signed(item.log_odds) + ")"],
        ])),
        element("h2", {}, say("Why")),
        element("div", {class: "panel"}, reasons(item.reasons)),
        element("h2", {}, say("What it says")), text,
        element("h2", {}, say("History")),
        element("div", {class: "panel"}, history(item.history)));
    preview(text, id);
    if (told && item.state.endsWith("-requested"))
        follow(place, item, told, app);
    return told;
}
