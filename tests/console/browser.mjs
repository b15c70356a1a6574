// Chromium with one page, which is watched: what it says on its console, and whom it asks.

import {execFileSync} from "node:child_process";
import {readFileSync} from "node:fs";
import {pathToFileURL} from "node:url";

let axe = "";

function chromium_path() {
    for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
        try {
            return execFileSync("sh", ["-c", `command -v ${name}`], {encoding: "utf8"}).trim();
        } catch {
            // The next one.
        }
    }
    throw new Error("Chromium is missing: apt-get install chromium, or ./test.sh, which does it");
}

// `packages`: what fetch.sh prints.
export async function open_browser(packages, url) {
    const {chromium} = await import(pathToFileURL(`${packages}/playwright-core/index.mjs`));
    axe = readFileSync(`${packages}/axe-core/axe.min.js`, "utf8");
    const browser = await chromium.launch({executablePath: chromium_path()});
    const context = await browser.newContext({viewport: {width: 1280, height: 900}, colorScheme: "light"});
    context.setDefaultTimeout(60_000);
    const complaints = [];
    context.on("request", (request) => {
        if (new URL(request.url()).origin !== new URL(url).origin)
            complaints.push(`a request to another place: ${request.url()}`);
    });
    const page = await context.newPage();
    page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) complaints.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => complaints.push(`script: ${error.stack}`));
    page.on("response", (response) => {
        if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
    });
    return {page, complaints, close: () => browser.close()};
}

// Names, roles, contrast and the like, by WCAG 2.1 AA and axe-core's best practices.
async function accessibility_complaints(page, where) {
    if (!await page.evaluate(() => "axe" in window)) await page.evaluate(axe);
    const found = await page.evaluate(() => window.axe.run({resultTypes: ["violations"]}));
    return found.violations.flatMap(({id, nodes}) =>
        nodes.map((node) => `${where}: ${id}: ${node.html} ${node.failureSummary}`));
}

// As it is now, in the light and in the dark and on a telephone, which nothing may be wider than.
export async function usability_complaints(page, where) {
    const found = await accessibility_complaints(page, where);
    await page.emulateMedia({colorScheme: "dark"});
    found.push(...await accessibility_complaints(page, `${where}, dark`));
    await page.emulateMedia({colorScheme: "light"});
    const size = page.viewportSize();
    await page.setViewportSize({width: 390, height: 844});
    const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (excess > 0) found.push(`${where}: ${excess} px wider than a telephone`);
    found.push(...await accessibility_complaints(page, `${where}, telephone`));
    await page.setViewportSize(size);
    return found;
}
