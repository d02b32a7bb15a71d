// The console: what the address behind '#' names is shown; who is not logged in logs in first.

import {post, session as getSession} from "./api.js";
import {element} from "./dom.js";
import {showList, showOne} from "./held.js";
import {showOverview} from "./overview.js";

const SAID_MS = 15000;

const main = document.getElementById("main");
const header = document.getElementById("top");
const status = document.getElementById("status");
let quiet, shown = 0;

function say(text) {
    status.textContent = text;
    clearTimeout(quiet);
    quiet = setTimeout(() => { status.textContent = ""; }, SAID_MS);
}

function showLogin(remark) {
    shown++;
    header.hidden = true;
    document.title = "Log in · weir";
    const words = element("p", {class: "bad", role: "alert"}, remark || "");
    const button = element("button", {class: "main"}, "Log in");
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
        element("label", {}, "Name", element("input", {name: "user", autocomplete: "username",
            autocapitalize: "none", spellcheck: "false", required: true})),
        element("label", {}, "Password", element("input", {name: "password", type: "password",
            autocomplete: "current-password", required: true})),
        button, words);
    main.replaceChildren(form);
    form.elements.user.focus();
}

// What the pages need of the console.
const app = {
    // Something did not work; the page stays as it is, unless nobody is logged in any more.
    fail(failure) {
        if (failure.status === 401)
            showLogin("Your session has ended; log in again.");
        else
            say(failure.message);
    },
    go(hash) {
        if (location.hash === hash)
            show();
        else
            location.hash = hash;
    },
};

function markLinks(path) {
    for (const link of document.querySelectorAll("nav a")) {
        const here = link.hash.slice(1);
        if (path === here || (here !== "/" && path.startsWith(here)))
            link.setAttribute("aria-current", "page");
        else
            link.removeAttribute("aria-current");
    }
}

// A page is put in place when it is whole, and only if nobody asked for another one meanwhile.
async function show() {
    const [path, query] = (location.hash.slice(1) || "/").split("?");
    const mine = ++shown, place = element("div");
    let focus;
    markLinks(path);
    try {
        if (path.startsWith("/held/"))
            focus = await showOne(place, decodeURIComponent(path.slice(6)), app);
        else if (path === "/held")
            focus = await showList(place, new URLSearchParams(query), app);
        else
            await showOverview(place);
    } catch (failure) {
        if (failure.status === 401 && mine === shown)
            app.fail(failure);
        place.replaceChildren(element("h1", {}, "That did not work"),
            element("p", {class: "notice", role: "alert"}, failure.message),
            element("p", {}, element("button", {type: "button", onclick: show}, "Try again")));
    }
    if (mine !== shown)
        return;
    main.replaceChildren(place);
    document.title = place.querySelector("h1").textContent + " · weir";
    (focus || main).focus();
}

async function start() {
    try {
        const session = await getSession();
        document.getElementById("user").textContent = session.user;
        header.hidden = false;
        await show();
    } catch (failure) {
        showLogin(failure.status === 401 ? "" : failure.message);
    }
}

document.getElementById("logout").addEventListener("click", async () => {
    try {
        await post("logout");
        showLogin("");
    } catch (failure) {
        say("You are still logged in: " + failure.message);
    }
});
addEventListener("hashchange", () => {
    if (!header.hidden)
        show();
});
start();
