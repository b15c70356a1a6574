// Tables of a task that are set aside.

import {ask, task_path} from "./api.js";
import {announce, button, element, problem_box, replace} from "./dom.js";
import {place} from "./format.js";

export function quarantine_list(name, may_operate) {
    const list = element("div");
    const problem = problem_box();
    const node = element("section", {class: "card", "aria-label": "Tables set aside", hidden: true},
        element("h2", {}, "Tables set aside"), list, problem);
    let before = "";

    function resume_button(entry) {
        return button(`Resume ${entry.tables[0]}`, async () => {
            problem.show(null);
            try {
                await ask("POST", task_path(name, "/quarantine/resume"), {table: entry.tables[0]});
                announce(`${entry.tables[0]} catches up while the task runs.`);
            } catch (failure) {
                problem.show(failure);
            }
        });
    }
    function box(entry) {
        const where = `from ${place(entry.from)} on`;
        return element("div", {class: `trouble ${entry.resuming ? "waits" : "warning"}`},
            element("p", {}, element("strong", {}, entry.tables.join(", ")),
                entry.resuming ? ` catch up, ${where}` : ` wait, ${where}`),
            element("p", {}, entry.why),
            may_operate && !entry.resuming && resume_button(entry));
    }

    return {node, show({status}) {
        const entries = status.applier.quarantine ?? [];
        const text = JSON.stringify(entries);
        if (text === before) return;
        before = text;
        node.hidden = entries.length === 0;
        replace(list, entries.map(box));
    }};
}
