// Several lines of the list of what is held at once: they are chosen by their boxes, a question tells
// what would be done and learned, and what was done is told and can be taken back. Each is done by
// itself, as with one alone: what somebody else did meanwhile to some of them hinders no other.

import {get, post} from "./api.js";
import {outcomeText} from "./deeds.js";
import {element, received} from "./dom.js";
import {mark, say, sayWith} from "./language.js";

const BULK = {
    release: {name: mark("Release"), main: true, ask: mark("Release {count}?"), yes: mark("Release these"),
        learned: mark("Each is delivered, and learned as wanted."), done: mark("Released: {done} of {count}.")},
    confirm: {name: mark("Confirm as spam"), ask: mark("Confirm {count} as spam?"),
        yes: mark("Confirm these as spam"),
        learned: mark("Each is learned as spam, and stays until it is deleted."),
        done: mark("Confirmed as spam: {done} of {count}.")},
    delete: {name: mark("Delete"), ask: mark("Delete {count}?"), yes: mark("Delete these"),
        learned: mark("Nothing is learned of it."), done: mark("Deleted: {done} of {count}.")},
    undo: {done: mark("Taken back: {done} of {count}.")},
};

function titleOf({row}) {
    return row.querySelector("a.line").textContent;
}

function update(entry, {state, deeds}) {
    Object.assign(entry.item, {state, deeds});
    entry.row.querySelector(".state").textContent = say(state);
}

function listOf(entries, words) {
    return element("ul", {class: "entries"}, ...entries.map((entry) =>
        element("li", {}, received(titleOf(entry)), words(entry))));
}

// What would be done, to be agreed to: a promise of yes or no.
function ask(deed, able, others) {
    const {ask: question, learned, yes} = BULK[deed];
    return new Promise((resolve) => {
        const close = (answer) => { dialog.returnValue = answer; dialog.close(answer); };
        // What it asks about is on the page that it stands before.
        const leave = () => close("no");
        addEventListener("hashchange", leave);
        const dialog = element("dialog", {"aria-labelledby": "bulk-title", class: "bulk", onclose: () => {
            removeEventListener("hashchange", leave);
            dialog.remove();
            resolve(dialog.returnValue === "yes");
        }},
            element("h2", {id: "bulk-title"}, say(question, {count: able.length})),
            listOf(able, ({item}) => element("span", {class: "faint"}, " ", received(item.sender))),
            ...(able.length ? [element("p", {}, say(learned), " ", say("Each can be undone."))] : []),
            ...(others.length ? [element("p", {}, say("Left out, since it cannot be done with them:")),
                listOf(others, ({item}) => element("span", {class: "faint"}, " ", say(item.state)))] : []),
            element("div", {class: "deeds"},
                ...(able.length ? [element("button", {type: "button", class: "main", autofocus: true,
                    onclick: () => close("yes")}, say(yes))] : []),
                element("button", {type: "button", onclick: () => close("no")}, say("Cancel"))));
        document.body.append(dialog);
        dialog.showModal();
    });
}

// What somebody else made of it, for its line.
async function lookAgain(entry) {
    try {
        update(entry, await get("held/" + entry.item.id));
    } catch {
        // Then the line stays as it was; why the deed failed is told anyway.
    }
}

// One of them: whether it was done now, and what there is to say of it.
async function doOne(entry, deed, body) {
    try {
        const answer = await post("held/" + entry.item.id + "/" + deed, body);
        update(entry, answer);
        const recalled = deed !== "undo" || !["released", "release-requested"].includes(answer.state);
        const plain = answer.changed && !answer.warning && recalled;
        return {entry, done: answer.changed, said: plain ? "" : outcomeText(answer, deed)};
    } catch (failure) {
        if (failure.status === 409)
            await lookAgain(entry);
        return {entry, done: false, said: failure.message, failure};
    }
}

// All of them in turn. Once nobody answers, or nobody is logged in, the rest is not tried.
async function doAll(entries, deed, body, tell) {
    const results = [];
    let lost;
    for (const entry of entries) {
        tell(results.length);
        const result = lost ? {entry, done: false, said: say("not tried")} : await doOne(entry, deed, body);
        if (result.failure && [0, 401].includes(result.failure.status))
            lost = result.failure;
        results.push(result);
    }
    return {results, lost};
}

// `table` gets a box before each line that add(items, rows) names, and `bar` goes before it. Of the
// events that keys make, toggle() takes what chooses, and act() says whether a deed was about what
// is chosen.
export function chooser(table, app) {
    const entries = [];
    const all = element("input", {type: "checkbox", onchange: () => chooseAll(all.checked)});
    const count = element("span", {role: "status"});
    const buttons = ["release", "confirm", "delete"].map((deed) => element("button", {
        type: "button", class: BULK[deed].main ? "main" : false, "data-deed": deed, onclick: () => start(deed),
    }, say(BULK[deed].name)));
    const deeds = element("div", {class: "deeds", hidden: true}, ...buttons, count);
    const told = element("div", {class: "told"});
    const bar = element("div", {class: "chosen"},
        element("label", {}, all, " ", say("Choose all on the page")), deeds, told);
    let busy = false;

    const chosen = () => entries.filter(({box}) => box.checked);
    function show() {
        const some = chosen().length;
        all.checked = some > 0 && some === entries.length;
        all.indeterminate = some > 0 && some < entries.length;
        deeds.hidden = !some;
        count.textContent = some ? say("{count} chosen", {count: some}) : "";
        for (const button of buttons)
            button.disabled = busy;
    }
    function chooseAll(choose) {
        for (const {box} of entries)
            box.checked = choose;
        show();
    }

    function report(deed, undone, {results, lost}) {
        const done = results.filter((result) => result.done), noted = results.filter(({said}) => said);
        for (const {entry, done: was} of results)
            entry.box.checked = !was && deed !== "undo";
        const undo = deed !== "undo" && done.length > 0 && element("button", {type: "button",
            onclick: () => run("undo", done.map(({entry}) => entry), deed)}, say("Undo these"));
        const notice = element("div", {class: done.length < results.length ? "notice bad" : "notice done",
            role: "status", tabindex: -1},
            element("p", {}, say(BULK[deed].done, {done: done.length, count: results.length}), " ", undo || null),
            ...(noted.length ? [element("ul", {}, ...noted.map(({entry, said}) => element("li", {},
                ...sayWith("{title}: {reason}", {title: received(titleOf(entry)), reason: said}))))] : []));
        told.replaceChildren(notice);
        if (bar.isConnected)
            notice.focus();
        else
            app.tell(say(BULK[deed].done, {done: done.length, count: results.length}));
        if (lost && lost.status === 401)
            app.fail(lost);
    }

    // `undone`: the deed that is taken back; what others did since is not.
    async function run(deed, which, undone) {
        busy = true;
        show();
        const progress = element("p", {class: "notice", role: "status"});
        told.replaceChildren(progress);
        const outcome = await doAll(which, deed, undone ? {deed: undone} : {}, (done) => {
            progress.textContent = say("{done} of {count} …", {done, count: which.length});
        });
        busy = false;
        report(deed, undone, outcome);
        show();
    }

    async function start(deed) {
        const which = chosen(), can = ({item}) => item.deeds.includes(deed);
        const able = which.filter(can);
        if (!busy && await ask(deed, able, which.filter((entry) => !can(entry))))
            await run(deed, able);
    }

    function toggle(event) {
        const row = event.target.closest("tr"), entry = entries.find((one) => one.row === row);
        if (event.detail === "all")
            chooseAll(chosen().length < entries.length);
        else if (entry)
            entry.box.checked = !entry.box.checked;
        if (event.detail === "all" || entry)
            event.preventDefault();
        show();
    }

    table.tHead.rows[0].prepend(element("th", {role: "columnheader", scope: "col"}, ""));
    return {
        bar,
        toggle,
        // What became of a line by itself.
        changed(row, answer) {
            update(entries.find((entry) => entry.row === row), answer);
        },
        add(items, rows) {
            items.forEach((item, index) => {
                const row = rows[index], title = row.querySelector("a.line").textContent;
                const box = element("input", {type: "checkbox", onchange: show,
                    "aria-label": say("Choose: {title}", {title})});
                row.prepend(element("td", {role: "cell", class: "choice"}, box));
                entries.push({item, row, box});
            });
            show();
        },
        act(event) {
            if (!BULK[event.detail].ask || !chosen().length)
                return false;
            event.preventDefault();
            start(event.detail);
            return true;
        },
    };
}
