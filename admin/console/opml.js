// Lists of feeds as OPML files: what one would add, and what is wrong with it, line by line, before
// an admin has it added; and all feeds as such a file.

import {get, post} from "./api.js";
import {element, received} from "./dom.js";
import {mark, number, say} from "./language.js";
import {table} from "./list.js";

const OUTCOMES = {added: mark("to be added"), known: mark("passed over"), bad: mark("cannot be")};
const MARKS = [["utf-8", [0xef, 0xbb, 0xbf]], ["utf-16be", [0xfe, 0xff]], ["utf-16le", [0xff, 0xfe]]];

// The text of a file in whatever encoding it says it has (XML 1.0, appendix F).
function decode(bytes) {
    const [marked] = MARKS.find(([, start]) => start.every((byte, at) => bytes[at] === byte)) || [];
    const head = new TextDecoder("latin1").decode(bytes.subarray(0, 200));
    const declared = /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([^"']+)/.exec(head);
    try {
        return new TextDecoder(marked || (declared && declared[1]) || "utf-8").decode(bytes);
    } catch {
        return new TextDecoder().decode(bytes); // no encoding of that name
    }
}

function outlines(seen) {
    const order = Object.keys(OUTCOMES).reverse();
    const sorted = [...seen.outlines].sort((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome));
    return table([mark("line"), mark("outcome"), mark("feed"), mark("why")], sorted.map((one) => [
        {class: "number", content: [number(one.line)]},
        {class: one.outcome === "bad" && "bad", content: [say(OUTCOMES[one.outcome])]},
        {content: [received(one.name || ""), element("div", {class: "faint"}, received(one.url || ""))]},
        {content: [received(one.why || "")]},
    ])).node;
}

// What was mended so that it could be read; null: nothing.
function mended(seen) {
    return seen.raw_line ? say("Line {raw_line}: an '&' that should be written '&amp;' is taken for itself.", seen) : null;
}

class Import {
    constructor(app, mode) {
        this.app = app;
        this.asked = 0;
        this.file = element("input", {type: "file", accept: ".opml,.xml,text/x-opml,text/xml",
            onchange: () => this.preview()});
        this.mode = mode;
        this.panel = element("div", {"aria-live": "polite"});
    }

    async preview() {
        const mine = ++this.asked, file = this.file.files[0];
        this.panel.replaceChildren();
        if (!file)
            return;
        try {
            const text = decode(new Uint8Array(await file.arrayBuffer()));
            const seen = await post("feeds/preview", {text});
            if (mine === this.asked)
                this.show(text, seen);
        } catch (failure) {
            if (mine === this.asked)
                this.refused(failure);
        }
    }

    refused(failure) {
        this.panel.replaceChildren(this.app.refusal(failure));
    }

    show(text, seen) {
        const whole = seen.good && !seen.trouble && !seen.bad;
        const button = element("button", {type: "button", class: "main",
            onclick: () => this.add(text, !whole, button)},
        whole ? say("Add all {added}", seen) : say("Add the {added} that can be", seen));
        this.panel.replaceChildren(...[
            element("p", {}, say("{added} would be added, {known} passed over; {bad} cannot be.", seen)),
            seen.trouble ? element("p", {class: "notice bad", role: "alert"}, received(seen.trouble)) : null,
            seen.raw_line ? element("p", {class: "notice"}, mended(seen)) : null,
            seen.added ? element("div", {class: "deeds"}, button) : null,
            seen.outlines.length ? outlines(seen) : null,
            seen.outlines.length < seen.added + seen.known + seen.bad
                ? element("p", {class: "faint"}, say("Not all lines of it are shown.")) : null,
        ].filter(Boolean));
    }

    async add(text, partial, button) {
        button.disabled = true;
        try {
            const mode = this.mode.querySelector("select").value;
            const done = await post("feeds/import", {text, partial, mode});
            this.app.go("#/feeds", [say("{added} were added, {known} passed over; {bad} could not be.", done),
                mended(done)].filter(Boolean).join(" "));
        } catch (failure) {
            this.refused(failure);
        }
    }
}

function save(text) {
    const address = URL.createObjectURL(new Blob([text], {type: "text/x-opml"}));
    element("a", {href: address, download: "weir.opml"}).click();
    URL.revokeObjectURL(address);
}

function exportButton(app) {
    const button = element("button", {type: "button", onclick: async () => {
        button.disabled = true;
        try {
            const all = await get("feeds/export");
            save(all.text);
            app.tell(all.left_out || all.without_password
                ? say("Left out: {left_out} whose addresses are secret, and the passwords of {without_password}.", all)
                : say("All feeds are in weir.opml."));
        } catch (failure) {
            app.fail(failure);
        }
        button.disabled = false;
    }}, say("Export all as OPML"));
    return button;
}

// `mode`: a label with the choice of what is done with what is spam.
export function opmlPanel(app, mode) {
    const taking = new Import(app, mode);
    return element("section", {class: "opml"},
        element("h2", {}, say("OPML")),
        element("div", {class: "deeds"}, exportButton(app)),
        element("details", {class: "panel"},
            element("summary", {}, say("Import an OPML file")),
            element("div", {class: "fields"},
                element("label", {}, say("OPML file"), taking.file), taking.mode),
            taking.panel));
}
