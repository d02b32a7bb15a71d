// What can be done with what is held, and what is said of it.

import {mark, say} from "./language.js";

export const DEEDS = {
    release: {name: mark("Release"), main: true,
        hint: mark("deliver it, and learn that it is wanted")},
    confirm: {name: mark("Confirm as spam"),
        hint: mark("learn that it is spam; it stays until it is deleted")},
    delete: {name: mark("Delete"), ask: mark("Delete it for good?"), hint: mark("do away with it")},
    undo: {name: mark("Undo"), hint: mark("take back what was done last")},
};
const OUTCOMES = {
    held: mark("It is held again."),
    "release-requested": mark("It is on its way out of the hold queue."),
    released: mark("It is released."),
    confirmed: mark("It is confirmed as spam, and stays here until it is deleted."),
    "delete-requested": mark("It is about to be deleted."),
    deleted: mark("It is deleted."),
};

export function outcomeOf(state) {
    return OUTCOMES[state] ? say(OUTCOMES[state]) : say("It is now: {state}.", {state: say(state)});
}

function lateText(done) {
    if (done.unlearned)
        return say("It was delivered and cannot be recalled; its lesson is taken back.");
    return done.changed ? say("It was delivered and cannot be recalled; what is learned of it stays.")
        : say("It was delivered and cannot be recalled.");
}

export function outcomeText(done, deed) {
    const late = deed === "undo" && ["released", "release-requested"].includes(done.state);
    return (late ? lateText(done) : outcomeOf(done.state)) + (done.changed ? "" : " " + say("It was so already.")) +
        (done.warning ? " " + say("But: {reason}.", {reason: done.warning}) : "");
}
