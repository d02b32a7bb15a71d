// The console: what the address behind '#' names is shown; who is not logged in logs in first.

import {post, session as getSession} from "./api.js";
import {element} from "./dom.js";
import {listen, showKeys} from "./keys.js";
import {changeLanguage, mark, otherLanguage, say} from "./language.js";

const SAID_MS = 15000;
const ROLES = ["teacher", "reader", "reviewer", "admin"]; // each may what those before it may

// A page is a file that is fetched when somebody goes there. Its function gets the place to fill,
// what of the path is behind the page's own (a list, when there is any) or else the query, and the
// app. It may give the element that is to have the focus. With a `name` it is in the navigation.
const PAGES = [
    {path: "/", name: mark("Overview"), role: "reader", load: () => import("./overview.js"), show: "showOverview"},
    {path: "/held", name: mark("Held"), role: "reader", load: () => import("./held.js"), show: "showList"},
    {path: "/held/", parts: 1, role: "reader", load: () => import("./held.js"), show: "showOne"},
    {path: "/history", name: mark("History"), role: "reader", load: () => import("./history.js"), show: "showHistory"},
    {path: "/history/", parts: 1, role: "reader", load: () => import("./history.js"), show: "showVerdict"},
    {path: "/search", role: "reader", load: () => import("./search.js"), show: "showSearch"},
    {path: "/reputations", name: mark("Reputations"), role: "reader",
        load: () => import("./reputations.js"), show: "showReputations"},
    {path: "/reputation/", parts: 2, role: "reader",
        load: () => import("./reputations.js"), show: "showReputation"},
    {path: "/feeds", name: mark("Feeds"), role: "reader", load: () => import("./feeds.js"), show: "showFeeds"},
    {path: "/feed/", parts: 1, role: "reader", load: () => import("./feeds.js"), show: "showFeed"},
    {path: "/audit", name: mark("Audit"), role: "admin", load: () => import("./audit.js"), show: "showAudit"},
    {path: "/tuning", name: mark("Tuning"), role: "reader", load: () => import("./tuning.js"), show: "showTuning"},
    {path: "/rules", name: mark("Rules"), role: "reader", load: () => import("./rules.js"), show: "showRules"},
];

const main = document.getElementById("main");
const header = document.getElementById("top");
const status = document.getElementById("status");
let quiet, shown = 0, role = ROLES[0], goneWith = "";

function tell(text) {
    status.textContent = text;
    clearTimeout(quiet);
    quiet = setTimeout(() => { status.textContent = ""; }, SAID_MS);
}

// What the pages need of the console.
const app = {
    // Whether who is logged in has that role, or one that may more.
    may(least) {
        return ROLES.indexOf(role) >= ROLES.indexOf(least);
    },
    // Something did not work; the page stays as it is, unless nobody is logged in any more.
    fail(failure) {
        if (failure.status === 401)
            showLogin(say("Your session has ended; log in again."));
        else
            tell(failure.message);
    },
    // The same where there is a place for it: what to put there.
    refusal(failure) {
        if (failure.status === 401)
            app.fail(failure);
        return element("p", {class: "notice bad", role: "alert"}, failure.message);
    },
    // Said aloud, and at the foot of the page for a while.
    tell,
    // To a list with what the form asks for.
    search(hash, form) {
        const asked = [...new FormData(form)].filter(([, value]) => value.trim());
        app.go(hash + "?" + new URLSearchParams(asked));
    },
    // There, `words` are said.
    go(hash, words = "") {
        tell(words);
        if (location.hash === hash) {
            show();
        } else {
            goneWith = words;
            location.hash = hash;
        }
    },
};

function languageButton(after) {
    const {tag, name} = otherLanguage();
    return element("button", {type: "button", class: "plain", lang: tag, onclick: () => {
        changeLanguage();
        after();
    }}, name);
}

function showLogin(remark) {
    shown++;
    header.hidden = true;
    document.getElementById("who").replaceChildren(); // the next one need not know who it was
    document.title = say("Log in") + " · weir";
    const words = element("p", {class: "bad", role: "alert"}, remark || "");
    const button = element("button", {class: "main"}, say("Log in"));
    const form = element("form", {class: "login panel", onsubmit: async (event) => {
        event.preventDefault();
        button.disabled = true;
        words.textContent = "";
        try {
            await post("login", Object.fromEntries(new FormData(form)));
            await start();
        } catch (failure) {
            words.textContent = failure.message;
            form.elements.password.select();
        }
        button.disabled = false;
    }},
        element("h1", {}, "weir"),
        element("label", {}, say("Name"), element("input", {name: "user", autocomplete: "username",
            autocapitalize: "none", spellcheck: "false", required: true})),
        element("label", {}, say("Password"), element("input", {name: "password", type: "password",
            autocomplete: "current-password", required: true})),
        button, words, languageButton(() => showLogin("")));
    main.replaceChildren(form);
    form.elements.user.focus();
}

function searchForm() {
    const form = element("form", {class: "everywhere", role: "search", "aria-label": say("Search everywhere"),
        onsubmit: (event) => {
            event.preventDefault();
            app.search("#/search", form);
        }},
        element("input", {type: "search", id: "search", name: "q", required: true,
            "aria-label": say("Search everywhere"), placeholder: say("Search everywhere")}));
    return form;
}

async function logOut() {
    try {
        await post("logout");
        showLogin("");
    } catch (failure) {
        tell(say("You are still logged in: {reason}", {reason: failure.message}));
    }
}

function showHeader(session) {
    role = session.role;
    document.getElementById("pages").replaceChildren(
        ...PAGES.filter((page) => page.name && app.may(page.role)).map((page) =>
            element("a", {href: "#" + page.path}, say(page.name))));
    document.getElementById("pages").setAttribute("aria-label", say("Pages"));
    document.getElementById("who").replaceChildren(
        searchForm(),
        element("span", {id: "user"}, session.user),
        element("button", {type: "button", class: "plain", "aria-label": say("Keys"), title: say("Keys"),
            onclick: showKeys}, "?"),
        languageButton(() => { showHeader(session); show(); }),
        element("button", {id: "logout", type: "button", onclick: logOut}, say("Log out")));
    header.hidden = false;
}

function markLinks(path) {
    for (const link of document.querySelectorAll("nav a")) {
        const here = link.hash.slice(1);
        if (path === here || (here !== "/" && path.startsWith(here.replace(/s$/, "") + "/")))
            link.setAttribute("aria-current", "page");
        else
            link.removeAttribute("aria-current");
    }
}

// The page that the path names, and what is behind its own part of the path.
function find(path) {
    for (const page of PAGES) {
        if (!page.parts && path === page.path)
            return {page};
        const parts = page.parts && path.startsWith(page.path) && path.slice(page.path.length).split("/");
        if (parts && parts.length === page.parts)
            return {page, parts: parts.map(decodeURIComponent)};
    }
    throw new Error(say("There is no such page."));
}

async function fill(place, path, query) {
    const {page, parts} = find(path);
    if (!app.may(page.role))
        throw new Error(say("Your role, {role}, may not see this.", {role}));
    return (await page.load())[page.show](place, parts || new URLSearchParams(query), app);
}

// A page is put in place when it is whole, and only if nobody asked for another one meanwhile.
async function show() {
    const [path, query] = (location.hash.slice(1) || "/").split("?");
    const mine = ++shown, place = element("div");
    let focus;
    markLinks(path);
    try {
        focus = await fill(place, path, query);
    } catch (failure) {
        if (failure.status === 401 && mine === shown)
            app.fail(failure);
        place.replaceChildren(element("h1", {}, say("That did not work")),
            element("p", {class: "notice", role: "alert"}, failure.message),
            element("p", {}, element("button", {type: "button", onclick: show}, say("Try again"))));
    }
    if (mine !== shown)
        return;
    main.replaceChildren(place);
    document.title = place.querySelector("h1").textContent + " · weir";
    if (focus) {
        focus.focus();
    } else {
        scrollTo(0, 0);
        main.focus({preventScroll: true});
    }
}

async function start() {
    try {
        showHeader(await getSession());
        await show();
    } catch (failure) {
        showLogin(failure.status === 401 ? "" : failure.message);
    }
}

listen(main, () => !header.hidden);
addEventListener("hashchange", () => {
    tell(goneWith); // what was said before was about the page before
    goneWith = "";
    if (!header.hidden)
        show();
});
start();
