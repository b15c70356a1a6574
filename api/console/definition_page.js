// A task's definition as it is, to be changed by hand: every key of docs/configuration.md.

import {ask, task_path} from "./api.js";
import {announce, element, problem_box} from "./dom.js";
import {live} from "./live.js";

export function definition_page(name) {
    const text = element("textarea", {id: "definition", rows: 30, spellcheck: "false", class: "code",
                                      "aria-describedby": "definition-help"});
    const problem = problem_box();
    const save = element("button", {class: "primary", disabled: true}, "Save");
    let before = "";

    async function load() {
        try {
            before = JSON.stringify(await ask("GET", task_path(name, "/definition")), null, 4);
            text.value = before;
        } catch (failure) {
            problem.show(failure);
        }
    }

    async function submit(event) {
        event.preventDefault();
        save.disabled = true;
        problem.show(null);
        try {
            live.put(await ask("PUT", task_path(name), {definition: JSON.parse(text.value)}));
            announce("Saved.");
            location.hash = `#/tasks/${encodeURIComponent(name)}`;
        } catch (failure) {
            problem.show(failure instanceof SyntaxError ? {message: `This is no JSON: ${failure.message}`} : failure);
            save.disabled = false;
        }
    }

    text.addEventListener("input", () => { save.disabled = text.value === before; });
    load();
    return {
        title: `Definition of ${name}`,
        node: element("div", {},
            element("p", {}, element("a", {href: `#/tasks/${encodeURIComponent(name)}`}, `← ${name}`)),
            element("h1", {}, `Definition of ${name}`),
            element("form", {on: {submit}},
                element("label", {for: "definition"}, "The task file as JSON"), text,
                element("p", {class: "help", id: "definition-help"},
                        "Passwords are hidden; ******** that stays means the one that is there. ",
                        "A running task is stopped, changed and started again."),
                problem, element("div", {class: "buttons"}, save))),
    };
}
