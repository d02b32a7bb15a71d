// The calls of weir-console's API. What fails throws a Failure with the server's own words.

import {say} from "./language.js";

export class Failure extends Error {
    constructor(status, message) {
        super(message);
        this.status = status;
    }
}

async function call(path, options) {
    let answer;
    try {
        answer = await fetch("/api/" + path, options);
    } catch {
        throw new Failure(0, say("weir-console does not answer; try again"));
    }
    if (answer.status === 204)
        return null;
    let body = {};
    try {
        body = await answer.json();
    } catch {
        // An answer of something in between: its status has to do.
    }
    if (!answer.ok)
        throw new Failure(answer.status, body.error || say("weir-console answered {status}", {status: answer.status}));
    return body;
}

export function get(path, parameters = {}) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(parameters)) {
        if (value)
            query.set(name, value);
    }
    return call(path + (query.size ? "?" + query : ""), {});
}

// What the session wants to see with each deed; another site cannot know it.
let deedToken = "";

export async function session() {
    const answer = await get("session");
    deedToken = answer.deed_token;
    return answer;
}

export function post(path, body = {}) {
    return call(path, {
        method: "POST",
        headers: {"Content-Type": "application/json", "X-Weir-Deed": deedToken},
        body: JSON.stringify(body),
    });
}
