// The whole path of a DBA through the console. Run by console_live_test with a JSON object in
// UNDERSTUDY_CONSOLE: {url, token, packages, source: {mysql, socket, port}, target: {…}, images}.
// `images`: the directory that screenshots go to; empty: none are made.

import assert from "node:assert/strict";

import {open_browser, usability_complaints} from "./browser.mjs";
import {sql_server, until} from "./server.mjs";
import {fill_wizard} from "./wizard.mjs";

const given = JSON.parse(process.env.UNDERSTUDY_CONSOLE);
const source = new sql_server(given.source);
const target = new sql_server(given.target);
const {page, complaints, close} = await open_browser(given.packages, given.url);

async function look(where) {
    complaints.push(...await usability_complaints(page, where));
}

async function picture(name, {dark = false, phone = false} = {}) {
    if (!given.images) return;
    await page.emulateMedia({colorScheme: dark ? "dark" : "light"});
    const size = page.viewportSize();
    if (phone) await page.setViewportSize({width: 390, height: 844});
    await page.screenshot({path: `${given.images}/${name}.png`});
    await page.setViewportSize(size);
    await page.emulateMedia({colorScheme: "light"});
}

const state = (text) => page.locator(".heading .badge", {hasText: new RegExp(`^${text}$`)}).waitFor();
const figure = async (id) => Number((await page.locator(`#figure-${id}`).textContent()).replace(/[^0-9]/g, ""));

async function verb(name) {
    await page.getByRole("group", {name: "Verbs"}).getByRole("button", {name, exact: true}).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", {name, exact: true}).click();
    await dialog.waitFor({state: "detached"});
}

async function sign_in() {
    await page.goto(given.url);
    await page.getByLabel("Token").fill(given.token);
    await look("sign-in");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", {name: "Tasks"}).waitFor();
    await page.getByText("There is no task yet.").waitFor();
    await look("no tasks");
}

async function watch_the_copy(release) {
    // A reader waits for `orders`, which is locked: others are copied meanwhile.
    await state("initializing");
    const row = (table) => page.getByRole("row", {name: new RegExp(`^shop\\.${table} `)});
    await row("customers").getByText("done").waitFor();
    await row("orders").getByText("0 %").waitFor();
    await look("copy");
    await release();
    await row("orders").getByText("100 %").waitFor();
    await state("synchronizing");
    await page.locator("#figure-phase", {hasText: "streaming"}).waitFor();
}

async function watch_the_stream() {
    let round = 0;
    const rows = await figure("rows");
    const speed = page.getByRole("region", {name: "Rows per second"}).locator("output");
    const writes = async () => {
        ++round;
        source.run(`INSERT INTO shop.orders (customer, status) SELECT 'stream ${round}', 'new' FROM shop.customers LIMIT 200;
            UPDATE shop.orders SET status = 'paid' WHERE id BETWEEN ${round * 10} AND ${round * 10 + 9}`);
        return /[1-9]/.test(await speed.textContent());
    };
    await until("rows per second on the page", writes);
    await until("more rows applied on the page", async () => await figure("rows") >= rows + 210);
    await page.locator(".plot canvas").first().waitFor();
    // Some more, for charts that have a shape.
    for (let more = 0; given.images && more < 150; ++more) {
        if (more % 50 < 30) await writes();
        await page.waitForTimeout(200);
    }
    await look("stream");
    await page.evaluate(() => scrollTo(0, 0));
    await picture("console-task");
    await picture("console-task-dark", {dark: true});
    await picture("console-task-phone", {phone: true});
}

// At any time, also of a task that runs: what it has made itself on the target is no obstacle.
async function check_while_running() {
    await page.getByRole("button", {name: "Check both servers"}).click();
    await page.locator(".verdict", {hasText: /^Passed:/}).waitFor();
}

async function pause_and_resume() {
    await verb("Pause");
    await state("paused");
    const before = target.run("SELECT COUNT(*) FROM shop.facts");
    source.run("INSERT INTO shop.orders (customer, status) VALUES ('while paused', 'new')");
    await verb("Resume");
    await state("synchronizing");
    await until("the row written while it was paused", () =>
        target.run("SELECT COUNT(*) FROM shop.facts WHERE customer = 'while paused'") === "1");
    assert.equal(Number(target.run("SELECT COUNT(*) FROM shop.facts")), Number(before) + 1);
}

async function search(form, found) {
    const submit = page.getByRole("form", {name: form}).getByRole("button", {name: "Search"});
    // What is in memory still is found once the relay's writer has it on disk.
    await until(`${form}: ${found}`, async () => {
        await submit.click();
        await page.locator(".verdict, .problem:visible").first().waitFor();
        return await page.locator(".transaction", {hasText: found}).count() > 0;
    });
}

async function look_into_the_relay() {
    source.run("UPDATE shop.orders SET status = 'sent', customer = 'Grace' WHERE id = 7;" +
               "UPDATE shop.orders SET status = 'lost' WHERE id = 7");
    await page.getByRole("link", {name: "What happened to a row?"}).click();
    await page.getByRole("heading", {level: 1, name: "Relay log of shop"}).waitFor();
    const row = page.getByRole("form", {name: "What happened to this row?"});
    await row.getByLabel("Table on the source").fill("shop.orders");
    await row.getByLabel("Key or condition").fill("7");
    await search("What happened to this row?", "lost");
    assert.equal(await page.locator(".transaction").count(), 2);
    const change = page.locator(".transaction", {hasText: "lost"});
    assert.deepEqual(await change.locator("tr.changed td").allTextContents(), ["sent", "lost"]);
    await page.evaluate(() => scrollTo(0, 0));
    await picture("console-relay");
    await look("relay");

    await row.getByLabel("a condition:").check();
    await row.getByLabel("Key or condition").fill("before.status = 'sent'");
    await search("What happened to this row?", "lost");
    assert.equal(await page.locator(".transaction").count(), 1);

    const time = page.getByRole("form", {name: "What was written then?"});
    await time.getByRole("button", {name: "The last minute"}).click();
    await time.getByLabel("Kind").selectOption("update");
    await search("What was written then?", "Grace");
}

async function other_pages() {
    await page.getByRole("link", {name: "Trouble"}).click();
    await page.getByRole("heading", {level: 1, name: "Trouble"}).waitFor();
    await look("trouble");
    await page.getByRole("link", {name: "Tasks", exact: true}).click();
    const row = page.getByRole("row", {name: /^shop synchronizing/});
    await row.waitFor();
    await look("tasks");
    await picture("console-tasks");
    // By the keyboard alone.
    await row.getByRole("link", {name: "shop"}).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", {level: 1, name: "shop"}).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "shop");
}

// A reload is signed in still; signing out is the end of it.
async function leave() {
    await page.reload();
    await page.getByRole("heading", {level: 1, name: "shop"}).waitFor();
    source.run("INSERT INTO shop.orders (customer, status) VALUES ('the last', 'new')");
    await until("the last row", () =>
        target.run("SELECT COUNT(*) FROM shop.facts WHERE customer = 'the last'") === "1");
    await page.getByRole("list", {name: "Lines of the log"}).getByText("synchronizing").first().waitFor();
    await verb("Stop");
    await state("finished");
    await page.getByRole("button", {name: "Sign out"}).click();
    await page.getByLabel("Token").waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
}

try {
    await sign_in();
    const release = await fill_wizard({page, source, target, look, picture});
    await watch_the_copy(release);
    await watch_the_stream();
    await check_while_running();
    await pause_and_resume();
    await look_into_the_relay();
    await other_pages();
    await leave();
    assert.deepEqual(complaints, []);
} catch (failure) {
    console.error(`at ${page.url()}:\n${await page.locator("main").innerText().catch(() => "")}`);
    console.error(complaints.join("\n"));
    if (process.env.UNDERSTUDY_CONSOLE_FAILURE) await page.screenshot({path: process.env.UNDERSTUDY_CONSOLE_FAILURE});
    throw failure;
} finally {
    await close();
}
