// The feeds that readers may subscribe to: a list of them, and how they stand; one, which an admin
// changes or removes; new ones, one by one or as an OPML file.

import {get, post} from "./api.js";
import {element, received, rows, time} from "./dom.js";
import {mark, number, say} from "./language.js";
import {more, table} from "./list.js";
import {opmlPanel} from "./opml.js";

const PAGE = 200;
const STATES = {
    "": mark("not served yet"),
    ok: mark("fine"),
    waiting: mark("not fetched yet"),
    failing: mark("failing"),
    unjudged: mark("passes unjudged"),
    gone: mark("gone for good"),
    stopped: mark("stopped"),
};
const CREDENTIALS_GONE = mark("Its user and password are not told to another host: give them in the address if that asks for some.");
const NOT_IN_THE_CLEAR = mark("Its user and password are not told over http, where anybody on the way can read them: give them in the address if they are to be.");
const MODES = {hold: mark("hold what is spam"), tag: mark("tag it"), pass: mark("let it pass")};

function stateMark(feed) {
    const bad = ["failing", "unjudged", "gone"].includes(feed.state);
    return element("span", {class: bad ? "state bad" : "state"},
        Object.hasOwn(STATES, feed.state) ? say(STATES[feed.state]) : feed.state);
}

function trouble(feed) {
    return feed.trouble ? element("div", {class: "bad"}, received(feed.trouble)) : null;
}

function heldLink(feed) {
    return element("a", {href: "#/held?" + new URLSearchParams({stream: "feeds", feed: feed.name})},
        number(feed.held));
}

function lastFetch(feed) {
    return feed.checked_s ? time(feed.checked_s) : element("span", {class: "faint"}, say("never"));
}

// --- the list ---

function cells(feed) {
    const title = feed.title && feed.title !== feed.name ? received(feed.title) : null;
    return [
        {content: [element("a", {href: "#/feed/" + encodeURIComponent(feed.name), class: "line"},
            received(feed.name)), title ? " " : null, title,
        element("div", {class: "faint"}, feed.url ? received(feed.url) : say("Its address is a secret of the feed server."))]},
        {content: [stateMark(feed), trouble(feed)]},
        {class: "time", content: [lastFetch(feed)]},
        {class: "number", content: [number(feed.items)]},
        {class: "number", content: [heldLink(feed)]},
    ].map((cell) => ({...cell, content: cell.content.filter(Boolean)}));
}

function searchForm(wish, app) {
    const form = element("form", {class: "search", role: "search", onsubmit: (event) => {
        event.preventDefault();
        app.search("#/feeds", form);
    }},
        element("input", {type: "search", name: "q", value: wish.q, "aria-label": say("Search"),
            placeholder: say("a part of name, title, address, folder")}),
        element("button", {class: "main"}, say("Search")));
    return form;
}

// --- what is asked of one ---

function field(label, attributes) {
    return element("label", {}, say(label),
        element("input", {autocapitalize: "none", spellcheck: "false", autocomplete: "off", ...attributes}));
}

function modeField(chosen) {
    return element("label", {}, say("What is done"), element("select", {name: "mode", "aria-label": say("What is done")},
        ...Object.entries(MODES).map(([value, name]) =>
            element("option", {value, selected: value === chosen}, say(name)))));
}

function fields(feed, secret) {
    return element("div", {class: "fields"},
        field(mark("Address"), {name: "url", inputmode: "url", value: feed.url, required: !secret && !feed.name,
            placeholder: "https://"}),
        field(mark("Title"), {name: "title", value: feed.title}),
        field(mark("Folder"), {name: "category", value: feed.category}),
        field(mark("Readers"), {name: "readers", value: feed.readers, placeholder: say("everybody")}),
        modeField(feed.mode || "hold"));
}

// A form whose button does something, and what is wrong with it in a line of its own.
function deedForm(app, label, content, act) {
    const words = element("p", {class: "bad", role: "alert"});
    const button = element("button", {class: "main"}, say(label));
    const form = element("form", {onsubmit: async (event) => {
        event.preventDefault();
        button.disabled = true;
        words.textContent = "";
        try {
            await act(Object.fromEntries(new FormData(form)));
        } catch (failure) {
            if (failure.status === 401)
                app.fail(failure);
            words.textContent = failure.message;
        }
        button.disabled = false;
    }}, ...content, element("div", {class: "deeds"}, button), words);
    return form;
}

function addForm(app) {
    return element("details", {class: "panel adding"}, element("summary", {}, say("Add a feed")),
        deedForm(app, mark("Add"), [
            element("div", {class: "fields"}, field(mark("Its name here"), {name: "name",
                placeholder: say("made of title or address")})),
            fields({})],
        async (asked) => {
            const done = await post("feeds/add", asked);
            app.go("#/feed/" + encodeURIComponent(done.name), say("{name} is subscribed to.", done));
        }));
}

export async function showFeeds(place, parameters, app) {
    const wish = {q: parameters.get("q") || ""};
    const page = await get("feeds", {...wish, limit: PAGE});
    const {node, add} = table([mark("feed"), mark("state"), mark("last fetched"), mark("items"), mark("held")],
        page.items.map(cells));
    place.append(
        element("h1", {}, say("Feeds")),
        element("p", {class: "faint"}, say("Readers find them at {address}", {address: page.public_url + "/f/…"})),
        searchForm(wish, app),
        page.items.length ? node : element("p", {class: "empty"},
            wish.q ? say("No feed says that.") : say("There are no feeds yet.")),
        more(page, (after) => get("feeds", {...wish, limit: PAGE, after}), (items) => add(items.map(cells)), app),
        ...(app.may("admin") ? [addForm(app)] : []),
        ...(app.may("admin") ? [opmlPanel(app, modeField("hold"))] : []));
}

// --- one of them ---

function whyUntold(feed, asked) {
    const [was, now] = [feed.url, asked.url].map((url) => url.replace(/^\w+:/, "").split(/[/?#]/)[2]?.toLowerCase());
    return was === now ? NOT_IN_THE_CLEAR : CREDENTIALS_GONE;
}

function changeForm(feed, app, again) {
    return element("section", {class: "panel"}, deedForm(app, mark("Save"), [fields(feed, !feed.url)],
        async (asked) => {
            // An address is shown without its password: as it was shown it stays what it is.
            const changed = Object.entries(asked).filter(([name, value]) => value !== feed[name]);
            const done = await post("feeds/change", {...Object.fromEntries(changed), name: feed.name});
            await again(say("{name} is changed.", feed) + (done.warning ? " " + say(whyUntold(feed, asked)) : ""));
        }));
}

function removeButton(feed, app) {
    const button = element("button", {type: "button", onclick: async () => {
        if (!confirm(say("Subscribe to {name} no longer? What is held of it stays until it expires.", feed)))
            return;
        button.disabled = true;
        try {
            await post("feeds/remove", {name: feed.name});
            app.go("#/feeds", say("{name} is no longer subscribed to.", feed));
        } catch (failure) {
            button.disabled = false;
            app.fail(failure);
        }
    }}, say("Remove"));
    return element("div", {class: "deeds"}, button);
}

function facts(feed, publicUrl) {
    return element("section", {class: "panel"}, rows([
        [say("state"), element("span", {}, stateMark(feed), ...[trouble(feed)].filter(Boolean))],
        [say("for readers"), publicUrl + "/f/" + feed.name],
        [say("what is held of it, for readers"), publicUrl + "/q/" + feed.name],
        [say("address"), feed.url ? received(feed.url) : say("Its address is a secret of the feed server.")],
        [say("last fetched"), lastFetch(feed)],
        [say("next fetch"), feed.next_poll_s ? time(feed.next_poll_s) : ""],
        [say("items"), number(feed.items)],
        [say("held"), heldLink(feed)],
        [say("added"), feed.added_s ? time(feed.added_s) : ""],
        [say("configured at"), feed.place],
        [say("with a password"), feed.credentials ? say("yes") : ""],
    ]));
}

export async function showFeed(place, [name], app) {
    const page = await get("feeds", {name});
    const feed = page.items[0];
    if (!feed)
        throw new Error(say("There is no feed {name}.", {name}));
    const again = async (words) => {
        await showFeed(place, [name], app);
        place.querySelector("h1").tabIndex = -1;
        place.querySelector("h1").focus();
        app.tell(words);
    };
    const changes = !app.may("admin") ? [] : feed.place
        ? [element("p", {class: "faint"}, say("It is configured, and changed only there."))]
        : [element("h2", {}, say("Change it")), changeForm(feed, app, again), removeButton(feed, app)];
    place.replaceChildren(
        element("p", {}, element("a", {href: "#/feeds"}, say("← all feeds"))),
        element("h1", {}, received(feed.title || feed.name), " ",
            feed.title && feed.title !== feed.name ? element("span", {class: "faint"}, feed.name) : ""),
        facts(feed, page.public_url),
        ...changes);
}
