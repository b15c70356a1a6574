// Chromium with one page, which is watched: what it says on its console, and whom it asks.

import {execFileSync} from "node:child_process";
import {pathToFileURL} from "node:url";

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

export async function open_browser(playwright, url) {
    const {chromium} = await import(pathToFileURL(`${playwright}/index.mjs`));
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

// Every control has a name that a screen reader can say, and nothing is wider than a telephone.
export async function usability_complaints(page, where) {
    const unnamed = await page.evaluate(() =>
        [...document.querySelectorAll("input, select, textarea, button, a, progress, summary")]
            .filter((node) => node.offsetParent !== null)
            .filter((node) => !node.labels?.length && !node.getAttribute("aria-label") &&
                              !node.textContent.trim())
            .map((node) => node.outerHTML.slice(0, 200)));
    const found = unnamed.map((node) => `${where}: has no name: ${node}`);
    const size = page.viewportSize();
    await page.setViewportSize({width: 390, height: 844});
    const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (excess > 0) found.push(`${where}: ${excess} px wider than a telephone`);
    const headings = await page.locator("h1").count();
    if (headings !== 1) found.push(`${where}: ${headings} h1`);
    await page.setViewportSize(size);
    return found;
}
