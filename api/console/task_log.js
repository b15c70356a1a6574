// The last lines of a task's log.

import {ask, task_path} from "./api.js";
import {button, element, problem_box, replace} from "./dom.js";
import {moment} from "./format.js";

export function task_log(name) {
    const list = element("ol", {class: "log", tabindex: "0", "aria-label": "Lines of the log"});
    const problem = problem_box();
    let before = "";
    let busy = false;

    async function read() {
        if (busy) return;
        busy = true;
        try {
            const {lines} = await ask("GET", task_path(name, "/log?lines=200"));
            problem.show(null);
            const text = JSON.stringify(lines);
            if (text === before) return;
            before = text;
            replace(list, lines.toReversed().map((line) => element("li", {class: line.level},
                element("time", {datetime: line.time}, moment(line.time)), " ",
                line.level !== "info" && element("strong", {}, `${line.level}: `), line.message,
                line.position && element("span", {class: "soft"}, `  ${line.position}`))));
        } catch (failure) {
            problem.show(failure);
        } finally {
            busy = false;
        }
    }

    return {node: element("section", {class: "card", "aria-label": "Log"},
        element("div", {class: "heading"}, element("h2", {}, "Log"), button("Refresh", read)), problem, list), read};
}
