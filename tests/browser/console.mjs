// A person at the console, in Chromium: steps are words on standard input, a JSON object a line, and
// what was seen is a JSON object a line on standard output.
// node console.mjs CHROMIUM URL [URL…]: the console's, and others that may be gone to
import {createInterface} from "node:readline";
import {chromium} from "playwright-core";

const [executablePath, url, ...others] = process.argv.slice(2);
const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

// Whatever a page of ours must never do.
const alarms = [];
let refusing = false; // the next question is answered with no

function watch(page) {
    page.setDefaultTimeout(60000);
    page.on("dialog", (dialog) => {
        if (dialog.type() !== "confirm")
            alarms.push("dialog: " + dialog.message());
        if (refusing)
            dialog.dismiss();
        else
            dialog.accept();
        refusing = false;
    });
    page.on("pageerror", (error) => alarms.push("error: " + error.message));
    page.on("console", (message) => {
        const expected = /status of (400|401|404|409|429|503)|net::ERR_CONNECTION_REFUSED/;
        const refused = /status of 403/.test(message.text()) && message.location().url.startsWith(url + "/d/");
        if (message.type() === "error" && !expected.test(message.text()) && !refused)
            alarms.push("console: " + message.text());
    });
    page.on("request", (request) => {
        if (![url, "blob:" + url, ...others].some((known) => request.url().startsWith(known + "/")))
            alarms.push("request: " + request.url());
    });
}

// Each person has a browser of their own, with its cookies; one of them is at work.
const people = new Map();
let page;

async function turnTo(who) {
    if (!people.has(who)) {
        const context = await browser.newContext({viewport: {width: 1100, height: 800}, locale: "en-GB"});
        people.set(who, await context.newPage());
        watch(people.get(who));
    }
    page = people.get(who);
}

await turnTo("reviewer");

// Does what leads to another page, and waits until that one stands where this one stood: until then
// what is looked for may be found on this one.
async function leave(act) {
    await page.evaluate(() => {
        for (const child of document.querySelector("main").children)
            child.dataset.left = "";
    });
    await act();
    await page.locator("main > [data-left]").waitFor({state: "detached"});
    await page.waitForLoadState("networkidle");
}

const steps = {
    async turn_to({who}) {
        await turnTo(who);
        return {};
    },
    // To the console, or to where a link leads.
    async come({link}) {
        await page.goto(link || url + "/");
        return {};
    },
    // HTML as a mail program shows it.
    async show_mail({html}) {
        await page.setContent(html);
        return {};
    },
    async go_back() {
        await page.goBack();
        await page.waitForLoadState("networkidle");
        return {};
    },
    // The text of any page, also of one that is none of the console's.
    async read() {
        return {text: await page.locator("body").innerText()};
    },
    async cookies() {
        return {cookies: (await page.context().cookies()).map(({name, value}) => name + "=" + value)};
    },
    async log_in({user, password}) {
        await page.getByLabel("Name").fill(user);
        await page.getByLabel("Password").fill(password);
        const answered = page.waitForResponse((response) => response.url().endsWith("/api/login"));
        await page.getByRole("button", {name: "Log in"}).click();
        await answered;
        await page.waitForLoadState("networkidle");
        return {};
    },
    async open({hash}) {
        if (await page.evaluate(() => location.hash) !== hash)
            await leave(() => page.evaluate((to) => { location.hash = to; }, hash));
        return {};
    },
    async search({text}) {
        await page.locator("main").getByRole("searchbox").fill(text);
        await leave(() => page.locator("main").getByRole("button", {name: "Search"}).click());
        return {};
    },
    async unfold({text}) {
        await page.locator("main summary").getByText(text, {exact: true}).first().click();
        return {};
    },
    async charts() {
        const charts = page.locator("main svg.chart");
        await charts.first().waitFor();
        return {
            labels: await charts.evaluateAll((all) => all.map((svg) => svg.getAttribute("aria-label"))),
            rects: await charts.locator("rect").count(),
        };
    },
    async click({role, name, refuse}) {
        refusing = Boolean(refuse);
        await page.getByRole(role, {name, exact: true}).first().click();
        await page.waitForLoadState("networkidle");
        return {};
    },
    async fill({label, text}) {
        await page.getByLabel(label, {exact: true}).first().fill(text);
        await page.waitForLoadState("networkidle");
        return {};
    },
    // A choice of a list, by its value.
    async choose({label, value}) {
        await page.getByLabel(label, {exact: true}).first().selectOption(value);
        return {};
    },
    async give_file({label, name, base64}) {
        await page.getByLabel(label, {exact: true}).first()
            .setInputFiles({name, mimeType: "text/xml", buffer: Buffer.from(base64, "base64")});
        return {};
    },
    // The file that a button saves.
    async save({name}) {
        const saved = page.waitForEvent("download");
        await page.getByRole("button", {name, exact: true}).first().click();
        const chunks = await (await (await saved).createReadStream()).toArray();
        return {name: (await saved).suggestedFilename(), text: Buffer.concat(chunks).toString()};
    },
    // Does what leads to another page of the console, and waits for that.
    async follow({role, name}) {
        await leave(() => page.getByRole(role, {name, exact: true}).first().click());
        return {};
    },
    async type({text}) {
        await page.keyboard.type(text);
        return {};
    },
    // Along with Tab to what has that text, and on with Enter.
    async walk({text}) {
        for (let step = 0; step < 60; step++) {
            await page.keyboard.press("Tab");
            if (await page.evaluate(() => document.activeElement.innerText) === text) {
                await page.keyboard.press("Enter");
                await page.waitForLoadState("networkidle");
                return {};
            }
        }
        throw new Error("Tab does not come to " + text);
    },
    async press({key}) {
        await page.keyboard.press(key);
        await page.waitForLoadState("networkidle");
        return {};
    },
    async wait({text, exact, gone}) {
        await page.getByText(text, {exact: Boolean(exact)}).first()
            .waitFor({state: gone ? "detached" : "visible"});
        return {};
    },
    async see() {
        return {
            title: await page.title(),
            text: await page.locator("body").innerText(),
            header: await page.locator("header").innerText(),
            language: await page.evaluate(() => document.documentElement.lang),
            hash: await page.evaluate(() => location.hash),
            bars: await page.locator(".reasons svg rect").count(),
            scripts: await page.locator("main script, main iframe, main img, main object").count(),
            enabled: await page.locator("main button:enabled").allInnerTexts(),
            focused: await page.evaluate(() => document.activeElement.innerText),
            tables: await page.locator("main .figures table:visible").allInnerTexts(),
            boxes: await page.locator("main td input[type=checkbox]").count(),
            chosen: await page.locator("main td input[type=checkbox]:checked").count(),
            lines: await page.locator("main .lines tbody tr").count(),
            links: await page.locator("main a").evaluateAll((all) => all.map((a) => a.href)),
        };
    },
    // `whole`: also of what is below the window.
    async picture({path, dark, width, whole}) {
        await page.emulateMedia({colorScheme: dark ? "dark" : "light"});
        await page.setViewportSize({width: width || 1100, height: 800});
        await page.screenshot({path, fullPage: Boolean(whole)});
        const wide = await page.evaluate(() =>
            document.documentElement.scrollWidth - document.documentElement.clientWidth);
        await page.emulateMedia({colorScheme: "light"});
        await page.setViewportSize({width: 1100, height: 800});
        return {overflow: wide};
    },
};

for await (const line of createInterface({input: process.stdin})) {
    const {step, ...words} = JSON.parse(line);
    let seen;
    try {
        seen = await steps[step](words);
    } catch (error) {
        seen = {failed: String(error), text: await page.locator("body").innerText()};
    }
    console.log(JSON.stringify({...seen, alarms}));
}
await browser.close();
