// The initial copy: a bar for each table, and how long it still takes.

import {bytes, count, duration} from "./format.js";
import {element, set_text} from "./dom.js";
import {copy_pace, time_left} from "./live.js";

// More than a screen of bars says nothing to anybody: those that are at work come first.
const tables_max = 100;

const pace_text = (pace) => `${count(Math.round(pace.rows))} rows/s, ${bytes(Math.round(pace.bytes))}/s`;

function table_row(name) {
    const bar = element("progress", {max: 1, "aria-label": `Copy of ${name}`});
    const cell = (label) => element("td", {"data-label": label, class: "figure"});
    const [percent, rows, size, rate, left] = ["Done", "Rows", "Size", "Rate", "Time left"].map(cell);
    const node = element("tr", {}, element("th", {scope: "row"}, name),
        element("td", {"data-label": "Progress"}, bar), percent, rows, size, rate, left);
    return {node, show(progress, pace, seconds_left) {
        const expected = Math.max(progress.rows_estimated, progress.rows, 1);
        // The estimate is the server's; before the end it is never called all.
        const part = progress.finished ? 1 : Math.min(progress.rows / expected, 0.99);
        bar.value = part;
        set_text(percent, `${Math.floor(part * 100)} %`);
        set_text(rows, progress.finished ? count(progress.rows)
                                         : `${count(progress.rows)} of about ${count(expected)}`);
        set_text(size, bytes(progress.bytes));
        set_text(rate, progress.finished || !pace ? "–" : pace_text(pace));
        set_text(left, progress.finished ? "done" : seconds_left === null ? "–" : duration(seconds_left));
    }};
}

export function copy_progress() {
    const rows = new Map();
    const summary = element("p", {class: "soft"});
    const body = element("tbody");
    const table = element("table", {class: "copy"},
        element("thead", {}, element("tr", {}, ["Table", "Progress", "Done", "Rows", "Size", "Rate", "Time left"].map(
            (title) => element("th", {scope: "col"}, title)))), body);
    const node = element("section", {class: "card", "aria-label": "Initial copy", hidden: true},
                         element("h2", {}, "Initial copy"), summary, table);

    return {node, show(task, samples) {
        const all = Object.entries(task.status.copy);
        node.hidden = all.length === 0;
        const finished = all.filter(([, one]) => one.finished).length;
        const total = all.reduce((sum, [, one]) => ({rows: sum.rows + one.rows, bytes: sum.bytes + one.bytes}),
                                 {rows: 0, bytes: 0});
        const every = all.map(([name]) => name);
        const pace = finished < all.length ? copy_pace(samples, every) : null;
        const left = time_left(samples, every);
        set_text(summary, `${finished} of ${all.length} tables, ${count(total.rows)} rows, ${bytes(total.bytes)}` +
                 (pace ? `, ${pace_text(pace)}` : "") + (left === null ? "" : `, ${duration(left)} to go`) +
                 (all.length > tables_max ? `; ${tables_max} of them are shown` : ""));
        const order = ([, one]) => one.finished ? 2 : one.rows > 0 ? 0 : 1;
        const visible = [...all].sort((a, b) => order(a) - order(b) || a[0].localeCompare(b[0]))
            .slice(0, tables_max);
        const names = new Set(visible.map(([name]) => name));
        for (const [name, row] of rows) {
            if (names.has(name)) continue;
            row.node.remove();
            rows.delete(name);
        }
        visible.forEach(([name, progress], index) => {
            if (!rows.has(name)) rows.set(name, table_row(name));
            const row = rows.get(name);
            row.show(progress, copy_pace(samples, [name]), time_left(samples, [name]));
            if (body.children[index] !== row.node) body.insertBefore(row.node, body.children[index]);
        });
    }};
}
