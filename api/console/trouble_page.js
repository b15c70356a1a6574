// What is wrong with any task, and what to do about it.

import {element, replace} from "./dom.js";
import {moment} from "./format.js";
import {live} from "./live.js";

// Where the daemon has no advice of its own.
const next_steps = {
    "precheck failed": "Mend what its lines name, check both servers again, and start the task.",
    "initialization failed": "Mend it and resume: the copy goes on where it was.",
    "failed": "Mend it and resume: the task goes on where it was.",
};

// {kind, what, advice} of one task; empty when all is well.
export function troubles_of(task) {
    const {status} = task;
    const found = [];
    if (task.error) found.push({kind: "bad", what: task.error, advice: task.advice || next_steps[task.state]});
    if (task.waiting)
        found.push({kind: "waits", what: task.waiting, advice: "It tries again by itself."});
    if (status.receiver.note)
        found.push({kind: "waits", what: `Source: ${status.receiver.note}`, advice: ""});
    if (status.applier.note)
        found.push({kind: "waits", what: `Target: ${status.applier.note}`, advice: ""});
    if (status.applier.throttled)
        found.push({kind: "waits", what: `Held back: ${status.applier.throttled}`, advice: ""});
    for (const one of status.applier.quarantine ?? []) {
        found.push({kind: "waits", what: `${one.tables.join(", ")} ${one.resuming ? "catch up" : one.reloading ? "copied anew" : "set aside"}: ${one.why}`,
                    advice: one.resuming || one.reloading ? "" : "Mend it on the target and resume the table, or have it copied anew."});
    }
    for (const warning of status.warnings)
        found.push({kind: "warning", what: warning, advice: ""});
    return found;
}

// `role="alert"` only for what stopped the task: warnings are there to be read in peace.
export function trouble_box(trouble) {
    return element("div", {class: `trouble ${trouble.kind}`, role: trouble.kind === "bad" ? "alert" : null},
        element("p", {}, trouble.what),
        trouble.advice && element("p", {class: "advice"}, element("strong", {}, "What to do: "), trouble.advice));
}

export function trouble_page() {
    const list = element("div");
    let before = "";

    function show() {
        const tasks = [...live.tasks.values()].map((task) => [task, troubles_of(task)])
            .filter(([, troubles]) => troubles.length > 0);
        const text = JSON.stringify([live.loaded, tasks.map(([task, all]) => [task.name, task.state, all])]);
        if (text === before) return;
        before = text;
        replace(list, tasks.map(([task, troubles]) => element("section", {class: "card"},
            element("h2", {}, element("a", {href: `#/tasks/${encodeURIComponent(task.name)}`}, task.name)),
            element("p", {class: "soft"}, `${task.state} since ${moment(task.since)} UTC`),
            troubles.map(trouble_box))),
            tasks.length === 0 && element("p", {class: "card"}, live.loaded ? "Nothing is wrong." : "Loading …"));
    }

    show();
    live.addEventListener("change", show);
    live.addEventListener("tick", show);
    return {title: "Trouble", node: element("div", {}, element("h1", {}, "Trouble"), list), close() {
        live.removeEventListener("change", show);
        live.removeEventListener("tick", show);
    }};
}
