// Through the wizard, from an empty form to a task that copies.

import assert from "node:assert/strict";

async function connect(page, {side, port, user, password}) {
    const fields = page.getByRole("group", {name: `The ${side}`});
    await fields.getByLabel("Host").fill("127.0.0.1");
    await fields.getByLabel("Port").fill(String(port));
    await fields.getByLabel("User").fill(user);
    await fields.getByLabel("Password").fill("a wrong one");
    const test = fields.getByRole("button", {name: `Test connection to the ${side}`});
    await test.click();
    await fields.getByText("sign in: failed").waitFor();
    await fields.getByText("reach the server: done").waitFor();
    await fields.getByLabel("Password").fill(password);
    await test.click();
    await fields.getByText("Connected to a server").waitFor();
}

async function next(page, heading) {
    await page.getByRole("button", {name: "Next"}).click();
    await page.getByRole("heading", {level: 2, name: heading}).waitFor();
}

async function choose_objects({page, look, picture}) {
    await page.getByRole("button", {name: "Next"}).click();
    await page.getByRole("alert").getByText("Choose at least one").waitFor();
    await page.getByLabel("Search databases and tables").fill("order");
    const shop = page.locator("li[data-database=shop]");
    await shop.locator("li[data-table='shop.orders']").waitFor();
    assert.equal(await shop.locator("li[data-table]").count(), 1);
    assert.ok(await page.locator("li[data-database=other]").isHidden());
    await shop.getByRole("checkbox", {name: /^shop /}).check();
    await page.getByLabel("Name of shop.orders on the target").fill("facts");
    await page.getByLabel("Search databases and tables").fill("");
    await shop.getByRole("checkbox", {name: /^scratch /}).uncheck();
    assert.equal(await page.getByLabel("Name of shop.orders on the target").inputValue(), "facts");
    await look("objects");
    await picture("console-objects");
}

// What failed names a statement; once that is executed, as it stands, it passes.
async function mend({page, source, look, picture}) {
    const item = page.locator(".item.bad[data-id='source.privileges']");
    await item.waitFor();
    await page.locator(".verdict", {hasText: "Not passed"}).waitFor();
    await look("precheck");
    await picture("console-precheck");
    await page.getByRole("button", {name: "Next"}).click();
    await page.getByRole("alert").getByText("Mend what the precheck found").waitFor();
    const statement = await item.locator("pre").textContent();
    assert.match(statement, /^GRANT .*LOCK TABLES.*;$/m);
    source.run(statement);
    await page.getByRole("button", {name: "Check again"}).click();
    await page.locator(".verdict", {hasText: /^Passed:/}).waitFor();
    assert.equal(await item.count(), 0);
}

// The result releases `shop.orders`, which the copy waits for.
export async function fill_wizard(with_all) {
    const {page, source, target, look} = with_all;
    await page.getByRole("link", {name: "New task"}).first().click();
    await page.getByRole("heading", {name: "1. Endpoints"}).waitFor();
    await page.getByRole("button", {name: "Next"}).click();
    await page.getByRole("alert").getByText("The task needs a name").waitFor();
    await page.getByLabel("Name of the task").fill("shop");
    await connect(page, {side: "source", port: source.port, user: "repl", password: "repl-secret"});
    await connect(page, {side: "target", port: target.port, user: "apply", password: "apply-secret"});
    await look("endpoints");
    await next(page, "2. Encryption");
    await page.getByRole("group", {name: "To the source"}).getByLabel("TLS").selectOption("required");
    await look("encryption");
    await next(page, "3. Objects");
    await page.locator("li[data-database=shop]").waitFor();
    await choose_objects(with_all);
    await next(page, "4. Conflicts");
    await look("conflicts");
    await next(page, "5. Initial copy");
    await look("phases");
    await next(page, "6. Precheck");
    await mend(with_all);
    await next(page, "7. Start");
    await page.getByText("shop.orders → shop.facts").waitFor();
    await look("start");
    const release = await source.hold("LOCK TABLES shop.orders WRITE");
    await page.getByRole("button", {name: "Create and start"}).click();
    await page.getByRole("heading", {level: 1, name: "shop"}).waitFor();
    return release;
}
