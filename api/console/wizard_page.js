// A new task, step by step. What was typed lives as long as the page: it has passwords.

import {ask, task_path} from "./api.js";
import {definition_of, new_choices} from "./definition.js";
import {announce, button, element, problem_box, replace} from "./dom.js";
import {live} from "./live.js";
import {conflicts_step, encryption_step, endpoints_step, objects_step, phases_step, precheck_step,
        start_step} from "./wizard_steps.js";

const steps = [endpoints_step, encryption_step, objects_step, conflicts_step, phases_step, precheck_step, start_step];

export function wizard_page() {
    const choices = new_choices();
    let at = 0;
    let prechecked = false;
    let created = false;

    const progress = element("ol", {class: "wizard-steps", "aria-label": "Steps"});
    const heading = element("h2", {tabindex: "-1"});
    const content = element("div");
    const problem = problem_box();
    const buttons = element("div", {class: "buttons"});

    function show_progress() {
        replace(progress, steps.map((step, index) => element("li",
            {class: index < at ? "done" : "", "aria-current": index === at ? "step" : false}, step.title)));
    }

    function go(to) {
        at = to;
        problem.show(null);
        prechecked = false;
        show_progress();
        heading.textContent = `${at + 1}. ${steps[at].title}`;
        const step = steps[at];
        replace(content, step.node(choices, (passed) => {
            // Of a step that has been left meanwhile.
            if (steps[at] !== step) return;
            prechecked = passed;
            problem.show(null);
        }));
        replace(buttons,
            at > 0 && element("button", {type: "button", on: {click: () => go(at - 1)}}, "Back"),
            at < steps.length - 1 && element("button", {type: "submit", class: "primary"}, "Next"),
            at === steps.length - 1 && [button("Create and start", () => finish(true), {class: "primary"}),
                                        button("Create only", () => finish(false))]);
        if (content.isConnected) heading.focus();
        announce(`Step ${at + 1} of ${steps.length}: ${step.title}`);
    }

    function next(event) {
        event.preventDefault();
        const step = steps[at];
        if (at === steps.length - 1) return;
        const missing = step === precheck_step && prechecked ? "" : step.missing(choices);
        problem.show(missing ? {message: missing} : null);
        if (!missing) go(at + 1);
    }

    async function finish(start) {
        problem.show(null);
        try {
            // When the start was refused the task is there already.
            if (!created) live.put(await ask("POST", "/api/v1/tasks", {definition: definition_of(choices)}));
            created = true;
            if (start) live.put(await ask("POST", task_path(choices.name, "/start"), {}));
            location.hash = `#/tasks/${encodeURIComponent(choices.name)}`;
        } catch (failure) {
            problem.show(failure);
        }
    }

    const form = element("form", {novalidate: true, on: {submit: next, input: () => problem.show(null)}}, heading, content, problem, buttons);
    go(0);
    return {title: "New task", node: element("div", {}, element("h1", {}, "New task"), progress, form)};
}
