// All tasks with their states and figures.

import {count, seconds} from "./format.js";
import {element, set_text} from "./dom.js";
import {is_in_trouble, live} from "./live.js";
import {state_badge} from "./state_badge.js";

// One row, made once; its cells change.
function task_row(name) {
    const cell = (label) => element("td", {"data-label": label});
    const badge = state_badge();
    const cells = {delay: cell("Delay"), rows: cell("Rows/s"), source: cell("Source"),
                   target: cell("Target"), trouble: cell("Trouble")};
    const node = element("tr", {},
        element("th", {scope: "row"},
                element("a", {href: `#/tasks/${encodeURIComponent(name)}`}, name)),
        element("td", {"data-label": "State"}, badge.node), Object.values(cells));
    return {node, show(task) {
        badge.show(task);
        const now = live.latest(name);
        set_text(cells.delay, task.running ? seconds(task.status.lag_ms / 1000) : "–");
        set_text(cells.rows, typeof now?.rows === "number" ? count(now.rows) : "–");
        set_text(cells.source, task.source);
        set_text(cells.target, task.target);
        set_text(cells.trouble, is_in_trouble(task) ? task.error || task.waiting ||
                 task.status.receiver.note || task.status.applier.note : "");
    }};
}

export function task_list_page(_, {may_operate}) {
    const rows = new Map();
    const body = element("tbody");
    const table = element("table", {class: "tasks"},
        element("thead", {}, element("tr", {},
            ["Task", "State", "Delay", "Rows/s", "Source", "Target", "Trouble"].map(
                (title) => element("th", {scope: "col"}, title)))), body);
    const empty = element("p", {class: "card"});
    const node = element("div", {}, element("div", {class: "heading"}, element("h1", {}, "Tasks"),
        may_operate && element("a", {class: "button primary", href: "#/new"}, "New task")), empty, table);

    function show() {
        const names = [...live.tasks.keys()].sort();
        for (const [name, row] of rows) {
            if (live.tasks.has(name)) continue;
            row.node.remove();
            rows.delete(name);
        }
        names.forEach((name, index) => {
            if (!rows.has(name)) rows.set(name, task_row(name));
            const row = rows.get(name);
            row.show(live.tasks.get(name));
            if (body.children[index] !== row.node) body.insertBefore(row.node, body.children[index]);
        });
        table.hidden = names.length === 0;
        empty.hidden = names.length > 0;
        set_text(empty, live.loaded ? "There is no task yet." : "Loading …");
    }

    show();
    live.addEventListener("change", show);
    live.addEventListener("tick", show);
    return {title: "Tasks", node, close() {
        live.removeEventListener("change", show);
        live.removeEventListener("tick", show);
    }};
}
