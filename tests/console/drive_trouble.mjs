// What the console shows when things are wrong. Run by console_live_test with a JSON object in
// UNDERSTUDY_CONSOLE: {url, token, viewer, tokens, packages, daemon}: a viewer's token and its file, the daemon's pid,
// and a daemon whose task `test` has failed because its source does not know the user `nobody`.

import assert from "node:assert/strict";
import {writeFileSync} from "node:fs";

import {open_browser, usability_complaints} from "./browser.mjs";

const given = JSON.parse(process.env.UNDERSTUDY_CONSOLE);
const {page, complaints, close} = await open_browser(given.packages, given.url);

async function sign_in(token) {
    await page.getByLabel("Token").fill(token);
    await page.getByRole("button", {name: "Sign in"}).click();
}

async function sign_out() {
    await page.getByRole("button", {name: "Sign out"}).click();
    await page.getByLabel("Token").waitFor();
}

const badge = (text) => page.locator(".heading .badge", {hasText: text}).waitFor();

async function a_wrong_token() {
    await page.goto(given.url);
    await sign_in("no-such-token-as-this-one");
    await page.getByRole("alert").getByText("this token is not known here").waitFor();
    // Chromium says itself that a request was refused.
    assert.ok(complaints.length > 0 && complaints.every((one) => one.includes("401")), complaints.join("\n"));
    complaints.length = 0;
}

async function a_viewer() {
    await sign_in(given.viewer);
    await page.getByRole("link", {name: "test"}).click();
    await badge("precheck failed");
    await page.getByRole("heading", {name: "Log", exact: true}).waitFor();
    for (const name of ["Start", "Remove", "Check both servers"])
        assert.equal(await page.getByRole("button", {name}).count(), 0, name);
    for (const name of ["New task", "Definition", "What happened to a row?"])
        assert.equal(await page.getByRole("link", {name}).count(), 0, name);
    await sign_out();
}

async function a_token_that_is_taken_back() {
    await sign_in(given.viewer);
    await page.getByRole("heading", {level: 1, name: "test"}).waitFor();
    assert.deepEqual(complaints, []);
    writeFileSync(given.tokens, "");
    process.kill(given.daemon, "SIGHUP");
    await page.getByRole("alert").getByText("does not know this token any more").waitFor();
    assert.ok(complaints.every((one) => one.includes("401")), complaints.join("\n"));
    complaints.length = 0;
}

async function what_is_wrong() {
    await sign_in(given.token);
    await page.getByRole("link", {name: "Trouble"}).click();
    const trouble = page.getByRole("alert");
    await trouble.getByText("Access denied for user 'nobody'").waitFor();
    await trouble.getByText("What to do:").waitFor();
    complaints.push(...await usability_complaints(page, "trouble"));
    await page.getByRole("link", {name: "test"}).click();
    await badge("precheck failed");
    await trouble.getByText("Access denied for user 'nobody'").waitFor();
}

async function another_definition() {
    await page.getByRole("link", {name: "Definition"}).click();
    const text = page.getByLabel("The task file as JSON");
    await page.waitForFunction(() => document.getElementById("definition").value.includes("nobody"));
    complaints.push(...await usability_complaints(page, "definition"));
    const definition = JSON.parse(await text.inputValue());
    assert.equal(definition.source.password, "********");
    definition.source.user = "repl";
    await text.fill("{");
    const save = page.getByRole("button", {name: "Save"});
    await save.click();
    await page.getByRole("alert").getByText("This is no JSON").waitFor();
    await text.fill(JSON.stringify(definition));
    await save.click();
    await page.getByRole("heading", {level: 1, name: "test", exact: true}).waitFor();
}

async function to_a_goal() {
    await page.getByRole("button", {name: "Start"}).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Ends by itself").selectOption("caught-up");
    complaints.push(...await usability_complaints(page, "start"));
    await dialog.getByRole("button", {name: "Cancel"}).click();
    await dialog.waitFor({state: "detached"});
    await badge("precheck failed");
    await page.getByRole("button", {name: "Start"}).click();
    await dialog.getByLabel("Ends by itself").selectOption("caught-up");
    await dialog.getByRole("button", {name: "Start"}).click();
    await badge("finished");
    assert.equal(await page.locator("#figure-until").textContent(), "caught-up");
}

async function remove() {
    await page.getByRole("button", {name: "Remove"}).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Also forget its place on the target").check();
    await dialog.getByRole("button", {name: "Remove"}).click();
    await page.getByText("There is no task yet.").waitFor();
}

async function a_daemon_that_is_gone() {
    assert.deepEqual(complaints, []);
    process.kill(given.daemon, "SIGKILL");
    await page.getByText("No live figures:").waitFor();
}

try {
    await a_wrong_token();
    await a_viewer();
    await a_token_that_is_taken_back();
    await what_is_wrong();
    await another_definition();
    await to_a_goal();
    await remove();
    await a_daemon_that_is_gone();
} catch (failure) {
    console.error(`at ${page.url()}:\n${await page.locator("main").innerText().catch(() => "")}`);
    console.error(complaints.join("\n"));
    throw failure;
} finally {
    await close();
}
