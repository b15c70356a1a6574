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

    function verb_button(entry, label, path, said) {
        return button(`${label} ${entry.tables[0]}`, async () => {
            problem.show(null);
            try {
                await ask("POST", task_path(name, path), {table: entry.tables[0]});
                announce(`${entry.tables[0]} ${said}`);
            } catch (failure) {
                problem.show(failure);
            }
        });
    }
    function box(entry) {
        const where = `from ${place(entry.from)} on`;
        const comes_back = entry.resuming || entry.reloading;
        const what = entry.resuming ? "catch up" : entry.reloading ? "are copied anew" : "wait";
        return element("div", {class: `trouble ${comes_back ? "waits" : "warning"}`},
            element("p", {}, element("strong", {}, entry.tables.join(", ")), ` ${what}, ${where}`),
            element("p", {}, entry.why),
            may_operate && !comes_back
                && verb_button(entry, "Resume", "/quarantine/resume", "catches up while the task runs."),
            may_operate && !comes_back
                && verb_button(entry, "Copy anew", "/quarantine/reload", "is copied anew while the task runs."));
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
