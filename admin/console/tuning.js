// The numbers that verdicts are made with. Whoever changes one sees at once what that would have made
// of past verdicts; it is in force when an admin applies it, and the last change can be taken back.

import {get, post} from "./api.js";
import {element, received, signed, time} from "./dom.js";
import {mark, number, say} from "./language.js";
import {table} from "./list.js";
import {actionName} from "./overview.js";

const WAIT_MS = 400; // after the last key, before a change is tried
const FROM = {default: mark("default"), file: mark("configuration file"), tuned: mark("tuned")};
const COSTS = {
    tag: mark("one good document wrongly tagged is worth {count} spams that are not"),
    hold: mark("one good document wrongly held is worth {count} spams let through"),
    reject: mark("one good document wrongly rejected is worth {count} spams that are not"),
};
const SECTIONS = [
    {name: mark("Thresholds"), hint: mark("A probability from 0 to 1, or “never”."), open: true,
        has: (one) => one.kind === "threshold"},
    {name: mark("Weights of checks"), hint: mark("Log-odds at full strength, or “off”."),
        has: (one) => one.kind === "weight" && one.words !== undefined},
    {name: mark("Weights of content and reputations"), hint: mark("A factor: 1 is as learned, 0 is “off”."),
        has: (one) => one.kind === "weight" && one.words === undefined},
    {name: mark("Half-lives"), hint: mark("After so long, a lesson counts half: “30d”, “12h”."),
        has: (one) => one.kind === "half-life"},
    {name: mark("Base rates"), hint: mark("The share of spam that is expected of one never seen."),
        has: (one) => one.kind === "base-rate"},
    {name: mark("Strengths"), hint: mark("What that expectation counts, in lessons."),
        has: (one) => one.kind === "strength"},
];

// What somebody wants of the numbers: by name, as the API takes it.
class Wishes {
    constructor(numbers) {
        this.fields = new Map(numbers.map((one) => [one.name, {one}]));
        this.changes = new Map();
    }

    list() {
        return Array.from(this.changes.values());
    }

    // `text` as it was typed; what stands there already is no wish.
    set(one, text) {
        this.changes.delete(one.name);
        if (one.kind === "weight" && text === "off" && one.text !== "off")
            this.changes.set(one.name, {kind: "disable", name: one.of});
        else if (text !== one.text)
            this.changes.set(one.name, {kind: one.kind, name: one.of, value: text});
        this.mark(one.name);
    }

    reset(one) {
        this.changes.set(one.name, {kind: "reset", name: one.name});
        this.fields.get(one.name).input.value = one.configured;
        this.mark(one.name);
    }

    // What the server proposes.
    take(changes) {
        for (const change of changes) {
            const kind = change.kind === "disable" ? "weight" : change.kind;
            for (const [name, {one, input}] of this.fields) {
                if (one.kind === kind && one.of === change.name) {
                    input.value = change.kind === "disable" ? "off" : change.value;
                    this.changes.set(name, change);
                    this.mark(name);
                    input.dispatchEvent(new Event("shown"));
                }
            }
        }
    }

    mark(name) {
        this.fields.get(name).row.classList.toggle("changed", this.changes.has(name));
    }
}

// "0.9" as a cost; nothing for what is no probability below 1.
function costWords(one, text) {
    const probability = Number(text);
    if (one.kind !== "threshold" || !text.trim() || !(probability > 0 && probability < 1))
        return "";
    const cost = Number((probability / (1 - probability)).toPrecision(3));
    return say(COSTS[one.name.split(".")[1]], {count: cost});
}

function numberRow(one, wishes, changed) {
    const cost = element("div", {class: "faint"}, costWords(one, one.text));
    const tell = () => { cost.textContent = costWords(one, input.value); };
    const input = element("input", {value: one.text, "aria-label": one.name, spellcheck: "false",
        autocomplete: "off", autocapitalize: "none", oninput: () => {
            wishes.set(one, input.value.trim());
            tell();
            changed();
        }, onshown: tell});
    const reset = one.from === "tuned" ? element("button", {type: "button", onclick: () => {
        wishes.reset(one);
        tell();
        changed();
    }}, say("As configured: {number}", {number: one.configured})) : null;
    const row = element("div", {class: "number-row"},
        element("div", {class: "name"}, element("strong", {}, one.name),
            one.words ? element("div", {class: "faint"}, one.words) : null, cost),
        input,
        element("div", {class: "faint"}, say(FROM[one.from]), " ", reset));
    Object.assign(wishes.fields.get(one.name), {input, row});
    return row;
}

function section(about, numbers, wishes, changed) {
    const mine = numbers.filter(about.has);
    return element("details", {class: "panel numbers", open: about.open},
        element("summary", {}, say(about.name), " ", element("span", {class: "faint"},
            say("({count} tuned)", {count: mine.filter((one) => one.from === "tuned").length}))),
        element("p", {class: "faint"}, say(about.hint)),
        ...mine.map((one) => numberRow(one, wishes, changed)));
}

function finder(wishes, sections) {
    return element("form", {class: "search", role: "search", onsubmit: (event) => event.preventDefault()},
        element("input", {type: "search", "aria-label": say("Find a number"),
            placeholder: say("LINK, half-life, mail.hold"), oninput: (event) => {
                const wanted = event.target.value.trim().toLowerCase();
                for (const {one, row} of wishes.fields.values())
                    row.hidden = !(one.name + " " + (one.words || "")).toLowerCase().includes(wanted);
                for (const part of sections) {
                    part.hidden = !part.querySelector(".number-row:not([hidden])");
                    part.open = wanted ? true : part === sections[0];
                }
            }}));
}

// --- what would change ---

function moveText(before, after) {
    return actionName(before) + " → " + actionName(after);
}

function movedLine(one) {
    const title = one.subject === undefined ? say("(no longer in the history)")
        : one.subject.trim() || say("(no subject)");
    const link = one.document ? element("a", {href: "#/history/" + one.document}, received(title))
        : title;
    const judged = one.corrected && (one.mends
        ? element("div", {class: "good"}, one.corrected === "spam" ? say("a person said spam: mended")
            : say("a person said ham: mended"))
        : element("div", {class: "bad"}, one.corrected === "spam" ? say("a person said spam: spoiled")
            : say("a person said ham: spoiled")));
    return [
        {class: "time", content: one.time ? [time(one.time)] : []},
        {content: [link, element("div", {class: "faint"}, received(one.sender || ""))]},
        {content: [moveText(one.before, one.after), judged || null]},
        {class: "number", content: [signed(one.log_odds_before) + " → " + signed(one.log_odds_after)]},
    ];
}

function movedTable(list) {
    return table([mark("time"), mark("what"), mark("verdict"), mark("log-odds")], list.map(movedLine)).node;
}

function sums(seen) {
    if (!seen.verdicts)
        return [element("p", {}, say("No evidence of past verdicts is kept here yet: nothing to try it on."))];
    return [
        element("p", {}, say("Of {verdicts} past verdicts {changed} would change.", seen)),
        seen.moved_since ? element("p", {},
            say("{moved_since} have another action already, by what was pinned, set or taken back since.", seen)) : null,
        element("ul", {}, ...seen.moved.map((move) => element("li", {},
            number(move.verdicts), " × ", moveText(move.before, move.after)))),
        seen.corrected ? element("p", {}, say("A person had judged {corrected} of them all:", seen), " ",
            element("span", {class: "good"}, say("{mended} mistakes mended", seen)), ", ",
            element("span", {class: "bad"}, say("{spoiled} made", seen))) : null,
    ];
}

// What of it did not work, though it was done.
function but({warning}) {
    return warning ? " " + say("But: {reason}.", {reason: warning}) : "";
}

class Preview {
    constructor(wishes, app, again) {
        Object.assign(this, {wishes, app, again, asked: 0});
        this.panel = element("section", {class: "panel preview", "aria-live": "polite",
            "aria-label": say("What would change"), tabindex: 0});
        this.clear();
    }

    clear() {
        this.panel.replaceChildren(element("p", {class: "faint"},
            say("Change a number, and see here what it would have made of past verdicts.")));
    }

    changed() {
        clearTimeout(this.timer);
        const mine = ++this.asked;
        this.timer = setTimeout(() => this.try("tuning/preview", mine), WAIT_MS);
    }

    suggest() {
        clearTimeout(this.timer);
        return this.try("tuning/suggest", ++this.asked);
    }

    async try(path, mine) {
        const changes = this.wishes.list();
        if (path === "tuning/preview" && !changes.length) {
            this.clear();
            return;
        }
        try {
            const seen = await post(path, {changes: path === "tuning/suggest" ? [] : changes});
            if (mine !== this.asked)
                return;
            if (path === "tuning/suggest")
                this.wishes.take(seen.changes);
            this.show(seen);
        } catch (failure) {
            if (mine === this.asked)
                this.refused(failure);
        }
    }

    refused(failure) {
        this.panel.replaceChildren(this.app.refusal(failure),
            element("div", {class: "deeds"}, this.discard(),
                element("button", {type: "button", onclick: () => this.changed()}, say("Look again"))));
    }

    discard() {
        return element("button", {type: "button", onclick: () => this.again("")}, say("Discard"));
    }

    async apply(seen, button) {
        button.disabled = true;
        try {
            const done = await post("tuning/apply", {changes: this.wishes.list(), version: seen.version});
            await this.again(say("Applied: {what}", {what: done.applied}) + but(done));
        } catch (failure) {
            this.refused(failure);
        }
    }

    show(seen) {
        const button = element("button", {type: "button", class: "main",
            onclick: () => this.apply(seen, button)}, say("Apply"));
        this.panel.replaceChildren(
            element("p", {}, received(seen.what || say("Nothing is changed by this."))),
            ...(seen.warning ? [element("p", {class: "notice"}, say("Mind: {warning}.", seen))] : []),
            ...sums(seen).filter(Boolean),
            element("div", {class: "deeds"},
                seen.what && this.app.may("admin") ? button : null, this.discard()),
            ...(seen.list.length ? [movedTable(seen.list)] : []));
    }
}

// --- the changes made ---

function past(page, app, again) {
    const undo = async (button) => {
        if (!confirm(say("Take back {what}?", {what: page.changes[0].what})))
            return;
        button.disabled = true;
        try {
            const done = await post("tuning/undo", {version: page.version});
            await again(say("Taken back: {what}", {what: done.undone}) + but(done));
        } catch (failure) {
            button.disabled = false;
            app.fail(failure);
        }
    };
    const button = app.may("admin") && page.changes.length ? element("button",
        {type: "button", onclick: () => undo(button)}, say("Undo the last one")) : null;
    return element("section", {class: "panel"},
        page.changes.length ? element("ol", {class: "history"}, ...page.changes.map((change) =>
            element("li", {}, time(change.time), " ", element("strong", {}, received(change.who)), " ",
                received(change.what))))
            : element("p", {class: "faint"}, say("Nothing was changed yet: all is as configured.")),
        button ? element("div", {class: "deeds"}, button) : null);
}

export async function showTuning(place, parameters, app) {
    const page = await get("tuning");
    const again = async (words) => {
        await showTuning(place, parameters, app);
        place.querySelector("h1").tabIndex = -1;
        place.querySelector("h1").focus();
        if (words)
            app.tell(words);
    };
    const wishes = new Wishes(page.numbers), preview = new Preview(wishes, app, again);
    const sections = SECTIONS.map((about) => section(about, page.numbers, wishes, () => preview.changed()));
    place.replaceChildren(
        element("h1", {}, say("Tuning")),
        element("div", {class: "deeds"}, element("button", {type: "button",
            title: say("the weights and the threshold that people's corrections favour"),
            onclick: () => preview.suggest()}, say("Suggest"))),
        preview.panel,
        finder(wishes, sections),
        ...sections,
        element("h2", {}, say("Changes")),
        past(page, app, again));
}
