// The rules that decide for certain. Whoever edits the text sees at once what is wrong with it, or
// what it matches of what is held and past; an admin applies it, and takes the last change back.

import {get, post} from "./api.js";
import {element, received, time} from "./dom.js";
import {mark, number, say} from "./language.js";
import {table} from "./list.js";

const WAIT_MS = 600; // after the last key, before a text is tried

function counted(count, unknown) {
    return unknown ? number(count) + " (+" + number(unknown) + " ?)" : number(count);
}

function countsTable(rules) {
    return table([mark("rule"), mark("held"), mark("past verdicts")], rules.map((one) => [
        {content: [received(one.name)]},
        {class: "number", content: [counted(one.held, one.held_unknown)]},
        {class: "number", content: [counted(one.past, one.past_unknown)]},
    ])).node;
}

function sums(seen) {
    const unknown = seen.rules.some((one) => one.held_unknown || one.past_unknown);
    return [
        element("p", {}, say("Of {held} that are held, rules would let {held_let_go} go. Of {past} past verdicts they would have held {past_held} that passed, and let pass {past_let} that did not.", seen)),
        seen.rules.length ? countsTable(seen.rules) : element("p", {}, say("There are no rules in it.")),
        unknown ? element("p", {class: "faint"}, say("?: cannot be told, since no bodies are kept. Of held mail and of the history only envelope and subject are known; held items of feeds are whole.")) : null,
    ].filter(Boolean);
}

// A change of rules lets nothing go, nor what a rule that is gone had held.
function stays() {
    return say("What is held stays held until it is released. On the gateway, 'weirctl held reapply' lists what would not be held any more, and releases it with --apply.");
}

class Editor {
    constructor(page, app, again) {
        Object.assign(this, {page, app, again, asked: 0});
        this.text = element("textarea", {rows: 18, class: "code", spellcheck: "false", autocomplete: "off",
            autocapitalize: "none", "aria-label": say("Text of the rules"), readonly: !app.may("admin"),
            oninput: () => this.changed()});
        this.text.value = page.text;
        this.panel = element("section", {class: "panel preview", "aria-live": "polite",
            "aria-label": say("What it matches"), tabindex: 0});
        if (page.trouble)
            this.say(element("p", {class: "notice bad", role: "alert"}, page.trouble));
        else
            this.try(++this.asked);
    }

    say(...content) {
        this.panel.replaceChildren(...content);
    }

    changed() {
        clearTimeout(this.timer);
        const mine = ++this.asked;
        this.timer = setTimeout(() => this.try(mine), WAIT_MS);
    }

    async try(mine) {
        try {
            const seen = await post("rules/preview", {text: this.text.value});
            if (mine === this.asked)
                this.show(seen);
        } catch (failure) {
            if (mine === this.asked)
                this.refused(failure);
        }
    }

    refused(failure) {
        this.say(this.app.refusal(failure), this.deeds());
    }

    deeds(...more) {
        const discard = element("button", {type: "button", onclick: () => this.again("")}, say("Discard"));
        return element("div", {class: "deeds"}, ...more, this.text.value === this.page.text ? null : discard);
    }

    show(seen) {
        const button = element("button", {type: "button", class: "main",
            onclick: () => this.apply(seen, button)}, say("Apply"));
        const other = this.text.value !== this.page.text;
        this.say(...sums(seen), this.deeds(other && this.app.may("admin") ? button : null));
    }

    async apply(seen, button) {
        button.disabled = true;
        try {
            const done = await post("rules/apply", {text: this.text.value, version: seen.version});
            await this.again(say("Applied: {what}", {what: done.applied}), stays());
        } catch (failure) {
            this.refused(failure);
        }
    }
}

// --- the changes made ---

function past(page, app, again) {
    const undo = async (button) => {
        if (!confirm(say("Take back {what}?", {what: page.changes[0].what})))
            return;
        button.disabled = true;
        try {
            const done = await post("rules/undo", {version: page.version});
            await again(say("Taken back: {what}", {what: done.undone}), stays());
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
            : element("p", {class: "faint"}, say("The rules were never changed.")),
        button ? element("div", {class: "deeds"}, button) : null);
}

export async function showRules(place, parameters, app) {
    const page = await get("rules");
    const again = async (...words) => {
        await showRules(place, parameters, app);
        place.querySelector("h1").tabIndex = -1;
        place.querySelector("h1").focus();
        if (words.some(Boolean))
            app.tell(words.join(" "));
    };
    const editor = new Editor(page, app, again);
    place.replaceChildren(
        element("h1", {}, say("Rules")),
        element("p", {class: "faint"}, say("What matches a rule is kept, held or tagged whatever the score. man weir.rules tells how they are written.")),
        editor.panel,
        editor.text,
        element("h2", {}, say("Changes")),
        past(page, app, again));
}
