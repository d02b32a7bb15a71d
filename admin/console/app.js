// The console: what the address behind '#' names is shown; who is not logged in logs in first.

import {get, post} from "./api.js";
import {element} from "./dom.js";
import {showList, showOne} from "./held.js";
import {showOverview} from "./overview.js";

const main = document.getElementById("main");
const header = document.getElementById("top");
const status = document.getElementById("status");
let quiet;

function say(text) {
    status.textContent = text;
    clearTimeout(quiet);
    quiet = setTimeout(() => { status.textContent = ""; }, 8000);
}

function showLogin(remark) {
    header.hidden = true;
    const words = element("p", {class: "bad", role: "alert"}, remark || "");
    const button = element("button", {class: "main"}, "Log in");
    const form = element("form", {class: "login panel", onsubmit: async (event) => {
        event.preventDefault();
        button.disabled = true;
        try {
            await post("login", Object.fromEntries(new FormData(form)));
            await start();
        } catch (failure) {
            words.textContent = failure.message;
            button.disabled = false;
        }
    }},
        element("h1", {}, "weir"),
        element("label", {}, "Name", element("input", {name: "user", autocomplete: "username",
            required: true, autofocus: true})),
        element("label", {}, "Password", element("input", {name: "password", type: "password",
            autocomplete: "current-password", required: true})),
        button, words);
    main.replaceChildren(form);
    form.querySelector("input").focus();
}

async function show() {
    const [path, query] = (location.hash.slice(1) || "/").split("?");
    for (const link of document.querySelectorAll("nav a")) {
        const here = link.hash.slice(1);
        if (path === here || (here !== "/" && path.startsWith(here)))
            link.setAttribute("aria-current", "page");
        else
            link.removeAttribute("aria-current");
    }
    try {
        if (path.startsWith("/held/"))
            await showOne(main, decodeURIComponent(path.slice(6)), say);
        else if (path === "/held")
            await showList(main, new URLSearchParams(query));
        else
            await showOverview(main);
        document.title = main.querySelector("h1").textContent + " · weir";
    } catch (failure) {
        if (failure.status === 401)
            showLogin("Your session has ended; log in again.");
        else
            main.replaceChildren(element("p", {class: "notice", role: "alert"}, failure.message),
                element("p", {}, element("button", {type: "button", onclick: show}, "Try again")));
    }
}

async function start() {
    try {
        const session = await get("session");
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
    } finally {
        showLogin("");
    }
});
addEventListener("hashchange", () => {
    if (!header.hidden) {
        main.focus();
        show();
    }
});
start();
