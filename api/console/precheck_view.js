// What a precheck found: what failed first, each with the statement that mends it.

import {announce, element, replace} from "./dom.js";

const words = {passed: "passed", failed: "failed", skipped: "not looked at"};

function copy_button(text) {
    return element("button", {type: "button", class: "quiet", on: {click: async () => {
        await navigator.clipboard.writeText(text);
        announce("Copied.");
    }}}, "Copy");
}

function kind_of(item) {
    if (item.outcome === "passed") return "good";
    return item.severity === "blocking" ? "bad" : "warning";
}

function item_node(item) {
    return element("li", {class: `item ${kind_of(item)}`, "data-id": item.id},
        element("p", {}, element("span", {class: "badge", "data-kind": kind_of(item)},
                item.waived ? "waived" : item.outcome === "failed" ? item.severity : words[item.outcome]),
            " ", element("strong", {}, item.title), " ", element("span", {}, item.seen)),
        item.severity === "blocking" && item.outcome !== "passed" && item.waivable && element("p", {class: "soft"},
            "Or, if you know better, in the task file: ", element("code", {}, `precheck.waive = ["${item.id}"]`)),
        item.outcome !== "passed" && item.why && element("p", {class: "soft"}, item.why),
        item.outcome !== "passed" && item.fix && element("div", {class: "fix"},
            element("p", {}, "To mend it:", " ", window.isSecureContext && copy_button(item.fix)),
            element("pre", {tabindex: "0", "aria-label": `What mends ${item.title}`}, element("code", {}, item.fix))));
}

export function precheck_view() {
    const node = element("div", {class: "precheck"});
    return {node, show(report) {
        const failed = report.items.filter((item) => item.outcome !== "passed");
        const passed = report.items.filter((item) => item.outcome === "passed");
        const blocking = failed.filter((item) => item.severity === "blocking");
        failed.sort((a, b) => Number(b.severity === "blocking") - Number(a.severity === "blocking"));
        const verdict = report.passed
            ? `Passed: ${passed.length} items are good, ${failed.length} deserve a look.`
            : `Not passed: ${blocking.length} of ${report.items.length} items keep the task from starting.`;
        replace(node, element("p", {class: `verdict ${report.passed ? "good" : "bad"}`}, verdict),
            element("ul", {class: "items"}, failed.map(item_node)),
            element("details", {}, element("summary", {}, `${passed.length} passed`),
                element("ul", {class: "items"}, passed.map(item_node))));
        announce(verdict);
    }};
}
