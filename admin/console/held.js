// What is held: the list with its search, and one entry with its reasons, text and deeds. Each page
// is made in the `place` that is given, and may give the element that is to have the focus.

import {get, post} from "./api.js";
import {chooser} from "./chosen.js";
import {DEEDS, outcomeOf, outcomeText} from "./deeds.js";
import {element, percent, received, rows, signed, time} from "./dom.js";
import {mark, number, say, sayWith} from "./language.js";
import {more, reasons, recipients, table} from "./list.js";

// What can be searched for, and what else an entry can be.
const STATES = [mark("open"), mark("all"), mark("held"), mark("confirmed"), mark("released"),
    mark("deleted"), mark("gone"), mark("superseded")];
mark("pending"), mark("release-requested"), mark("delete-requested");
const STREAMS = ["", mark("mail"), mark("feeds")];
const PAGE = 50, PAGE_MOST = 200;
const FOLLOW_MS = 1000, FOLLOW_TIMES = 30;

// Further filters: the parameter's name, what it is called, and how it is written.
const FILTERS = [
    {name: "sender", label: mark("Sender"), hint: ""},
    {name: "recipient", label: mark("Recipient"), hint: ""},
    {name: "feed", label: mark("Feed"), hint: ""},
    {name: "symbol", label: mark("Symbol"), hint: "LINK_FARM"},
    {name: "min_score", label: mark("Score, at least"), hint: "3.5"},
    {name: "max_score", label: mark("Score, at most"), hint: "6"},
    {name: "since", label: mark("Held since"), hint: "7d, 2026-11-24"},
    {name: "until", label: mark("Held before"), hint: "12h, 2026-11-25"},
];

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

export const HELD_HEADS = [mark("held"), mark("what"), mark("state"), mark("spam")];

export function heldLine(item) {
    return [
        {class: "time", content: [time(item.held_s)]},
        {content: [
            element("a", {href: "#/held/" + item.id, class: "line", onclick: () => { left.id = item.id; }},
                received(title(item))),
            element("div", {class: "faint"}, received(item.sender),
                ...(item.recipients.length ? [" → ", received(recipients(item))] : []))]},
        {content: [stateMark(item.state)]},
        {class: "number", content: [percent(item.log_odds)]},
    ];
}

// That older ones were not looked at, if so; null: they were.
export function shortNote(page) {
    return page.short_newest ? element("p", {class: "notice", role: "status"},
        say("A text of less than 3 characters is looked for in the newest {count} entries only.",
            {count: page.short_newest})) : null;
}

function filters(wish) {
    return element("details", {class: "filters", open: FILTERS.some(({name}) => wish[name])},
        element("summary", {}, say("More filters")),
        element("div", {class: "fields"}, ...FILTERS.map(({name, label, hint}) =>
            element("label", {}, say(label), element("input", {name, value: wish[name], placeholder: hint,
                autocapitalize: "none", spellcheck: "false"})))));
}

function searchForm(wish, app) {
    const form = element("form", {class: "search", role: "search", onsubmit: (event) => {
        event.preventDefault();
        app.search("#/held", form);
    }},
        element("input", {type: "search", name: "q", value: wish.q, "aria-label": say("Search"),
            placeholder: say("sender, recipient, subject, queue id")}),
        select("stream", say("Stream"), STREAMS, wish.stream),
        select("state", say("State"), STATES, wish.state),
        element("button", {class: "main"}, say("Search")),
        filters(wish));
    return form;
}

// A deed by its key: on what is chosen, or else on the line that has the focus.
async function actOnLine(event, choice, app) {
    const link = event.target.closest("tr") && event.target.closest("tr").querySelector("a.line");
    const deed = event.detail;
    if (!choice || choice.act(event) || !link)
        return;
    event.preventDefault();
    if (DEEDS[deed].ask && !confirm(say(DEEDS[deed].ask)))
        return;
    try {
        const done = await post("held/" + link.hash.split("/").pop() + "/" + deed);
        choice.changed(link.closest("tr"), done);
        app.tell(link.textContent + ": " + outcomeText(done, deed));
    } catch (failure) {
        app.fail(failure);
    }
}

function read(parameters) {
    const wish = {state: parameters.get("state") || "open"};
    for (const name of ["q", "stream", ...FILTERS.map((filter) => filter.name)])
        wish[name] = parameters.get(name) || "";
    return wish;
}

export async function showList(place, parameters, app) {
    const wish = read(parameters);
    if (left.address !== location.hash)
        Object.assign(left, {address: location.hash, count: PAGE, id: ""});
    const page = await get("held", {...wish, limit: Math.min(left.count, PAGE_MOST)});
    const {node, body, add} = table(HELD_HEADS, page.items.map(heldLine));
    const choice = app.may("reviewer") && chooser(node, app);
    if (choice) {
        choice.add(page.items, [...body.rows]);
        place.addEventListener("choose", choice.toggle);
    }
    place.addEventListener("deed", (event) => actOnLine(event, choice, app));
    const total = page.total_open.mail + page.total_open.feeds;
    const narrowed = Object.entries(wish).some(([name, value]) => value && name !== "state");
    place.append(...[
        element("h1", {}, say("Held")),
        element("p", {class: "faint"}, total === 1 ? say("One waits for review.")
            : say("{count} wait for review.", {count: total})),
        searchForm(wish, app),
        ...page.failed.map((reason) => element("p", {class: "notice bad", role: "status"},
            say("Not all is shown: {reason}", {reason}))),
        ...(choice && page.items.length ? [choice.bar] : []),
        shortNote(page),
        page.items.length ? node : element("p", {class: "empty"},
            narrowed ? say("Nothing that is held says that.") : say("Nothing is held here.")),
        more(page, (after) => get("held", {...wish, after}), (items) => {
            const older = add(items.map(heldLine));
            if (choice)
                choice.add(items, older);
            left.count = body.rows.length;
            return older;
        }, app)].filter(Boolean));
    return left.id && body.querySelector('a[href="#/held/' + left.id + '"]');
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
        outcome = {text: outcomeText(done, deed),
            asked: deed !== "undo" && done.state.endsWith("-requested")};
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

// What can be done with it, and that the latest deed can be taken back.
function deeds(place, item, app) {
    if (!app.may("reviewer"))
        return [];
    return [...item.deeds, ...(item.undo ? ["undo"] : [])].map((deed) => element("button", {
        type: "button", class: DEEDS[deed].main ? "main" : false, title: say(DEEDS[deed].hint),
        "data-deed": deed, onclick: () => act(place, item, deed, app),
    }, say(DEEDS[deed].name)));
}

// A key does what its button does.
function pressed(event, place) {
    const button = place.querySelector('button[data-deed="' + event.detail + '"]');
    if (button && !button.disabled) {
        event.preventDefault();
        button.click();
    }
}

// `outcome`: {text, failed, asked} of the deed that was just done here, if one was; `asked`: of
// weir-release, which may have done it meanwhile.
export async function showOne(place, [id], app, outcome) {
    const item = await get("held/" + encodeURIComponent(id));
    const text = element("div", {class: "panel"}, element("p", {class: "faint"}, "…"));
    const about = item.item || {}, mail = item.stream === "mail";
    if (!outcome)
        place.addEventListener("deed", (event) => pressed(event, place));
    const told = outcome && element("p", {
        class: outcome.failed ? "notice bad" : "notice done", role: "status", tabindex: -1,
    }, outcome.asked && !item.state.endsWith("-requested") ? outcomeOf(item.state) : outcome.text);
    place.replaceChildren(
        element("p", {}, element("a", {href: left.address}, say("← all that is held"))),
        element("h1", {}, received(title(item))),
        ...(told ? [told] : []),
        element("div", {class: "deeds"}, ...deeds(place, item, app)),
        element("div", {class: "panel"}, rows([
            [say("state"), stateMark(item.state)],
            [say("held"), time(item.held_s)],
            [say("since"), time(item.changed_s)],
            [say("expires"), item.expires_s && time(item.expires_s)],
            [mail ? say("sender") : say("feed"), item.sender],
            [say("recipients"), recipients(item)],
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
