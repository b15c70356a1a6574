// One task, live.

import {ask, task_path} from "./api.js";
import {task_charts} from "./charts.js";
import {copy_progress} from "./copy_progress.js";
import {announce, button, element, problem_box, replace, set_text} from "./dom.js";
import {bytes, count, moment, place, seconds} from "./format.js";
import {live} from "./live.js";
import {precheck_view} from "./precheck_view.js";
import {quarantine_list} from "./quarantine_list.js";
import {state_badge} from "./state_badge.js";
import {task_log} from "./task_log.js";
import {task_verbs} from "./task_verbs.js";
import {trouble_box, troubles_of} from "./trouble_page.js";

const log_seconds = 5;

// [title, read, id] in the order of reading.
const figures = [
    ["Phase", ({status}) => status.phase, "phase"],
    ["Delay", (task) => task.running ? seconds(task.status.lag_ms / 1000) : "–", "delay"],
    ["Source", (task) => task.source, "source"],
    ["Target", (task) => task.target, "target"],
    ["Received up to", ({status}) => place(status.receiver.position), "received"],
    ["Applied up to", ({status}) => place(status.applier.position), "applied"],
    ["Rows applied", ({status}) => count(status.applier.rows), "rows"],
    ["Transactions applied", ({status}) => `${count(status.applier.transactions)} in ${count(status.applier.groups)} groups`,
     "transactions"],
    ["DDL applied", ({status}) => count(status.applier.ddl), "ddl"],
    ["Relay log", ({status}) => `${bytes(status.relay.stored_bytes)} of ${bytes(status.relay.raw_bytes)}`, "relay"],
    ["In this state since", (task) => `${moment(task.since)} UTC`, "since"],
    ["Ends by itself", (task) => task.until || "never", "until"],
];

function figure_list() {
    const values = figures.map(([title, read, id]) => ({read, node: element("dd", {id: `figure-${id}`}), title}));
    const node = element("dl", {class: "figures"}, values.map((one) =>
        element("div", {}, element("dt", {}, one.title), one.node)));
    return {node, show: (task) => values.forEach((one) => set_text(one.node, one.read(task)))};
}

// What is wrong stands at the top; warnings, which stay for the whole run, below the figures.
function trouble_list(warnings) {
    const node = element("div");
    let before = "";
    return {node, show(task) {
        const troubles = troubles_of(task).filter((one) => (one.kind === "warning") === warnings);
        const text = JSON.stringify(troubles);
        if (text === before) return;
        before = text;
        replace(node, troubles.map(trouble_box));
    }};
}

function precheck_section(name) {
    const view = precheck_view();
    const problem = problem_box();
    const run = button("Check both servers", async () => {
        problem.show(null);
        try {
            view.show(await ask("POST", task_path(name, "/precheck"), {}));
        } catch (failure) {
            problem.show(failure);
        }
    });
    return element("section", {class: "card", "aria-label": "Precheck"},
        element("div", {class: "heading"}, element("h2", {}, "Precheck"), run), problem, view.node);
}

export function task_page(name, {may_operate}) {
    const badge = state_badge();
    const verbs = task_verbs(() => { location.hash = "#/"; });
    const list = figure_list();
    const troubles = trouble_list(false);
    const warnings = trouble_list(true);
    const quarantine = quarantine_list(name, may_operate);
    const copy = copy_progress();
    const log = task_log(name);
    const charts = task_charts([
        [(one) => one.delay, "Delay", seconds],
        [(one) => one.rows, "Rows per second", count],
        [(one) => one.bytes, "Bytes per second", bytes],
        [(one) => one.totals.relay, "Relay log", bytes],
    ]);
    const missing = element("p", {class: "card"});
    const content = element("div", {},
        may_operate && verbs.node, troubles.node, quarantine.node,
        element("section", {class: "card", "aria-label": "Figures"}, list.node),
        charts.node, copy.node, warnings.node, may_operate && precheck_section(name), log.node);
    let state = "";
    let ticks = 0;

    function show() {
        const task = live.tasks.get(name);
        missing.hidden = Boolean(task);
        content.hidden = !task;
        set_text(missing, live.loaded ? "There is no such task." : "Loading …");
        if (!task) return;
        badge.show(task);
        verbs.show(task);
        list.show(task);
        troubles.show(task);
        warnings.show(task);
        quarantine.show(task);
        copy.show(task, live.samples.get(name) ?? []);
        if (task.state === state) return;
        if (state) announce(`${name} is ${task.state}.`);
        state = task.state;
        log.read();
    }
    function tick() {
        show();
        charts.show(live.samples.get(name) ?? []);
        if (++ticks % log_seconds === 0 && !document.hidden) log.read();
    }

    show();
    live.addEventListener("change", show);
    live.addEventListener("tick", tick);
    return {
        title: name,
        node: element("div", {},
            element("div", {class: "heading"}, element("h1", {}, name), badge.node,
                may_operate && element("span", {class: "buttons"},
                    element("a", {class: "button", href: `${location.hash}/definition`}, "Definition"),
                    element("a", {class: "button", href: `${location.hash}/relay`}, "What happened to a row?"))),
            missing, content),
        close() {
            live.removeEventListener("change", show);
            live.removeEventListener("tick", tick);
            charts.close();
        },
    };
}
