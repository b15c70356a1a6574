// The verbs of a task, as buttons for those that its state allows, each asked about first.

import {ask, task_path} from "./api.js";
import {announce, element, problem_box, replace} from "./dom.js";
import {select_field, text_field} from "./fields.js";
import {live} from "./live.js";

const running = ["prechecking", "initializing", "synchronizing"];
const failed = ["precheck failed", "initialization failed", "failed"];

const verbs = [
    {name: "start", label: "Start", ends: true, from: ["not started", "precheck failed", "finished"],
     question: "The servers are checked first; then the task copies or goes on from where it was."},
    {name: "resume", label: "Resume", ends: true, from: ["paused", "initialization failed", "failed"],
     question: "The task goes on from where it was."},
    {name: "pause", label: "Pause", from: running,
     question: "Nothing is applied or received until it is resumed. The source may meanwhile purge what it still needs."},
    {name: "stop", label: "Stop", from: [...running, "pausing", "paused"],
     question: "The task ends at the next transaction boundary. It can be started again and goes on from there."},
    {name: "remove", label: "Remove", danger: true, from: ["not started", "paused", "finished", ...failed],
     question: "The task is forgotten, with its relay log. What it has copied stays on the target."},
];

// When the task is to end by itself, in the API's words.
function goal_fields(goal) {
    const end = text_field("Which", goal, "text", {help: "A GTID set, or a time in UTC: 2026-02-03T12:34:56Z"});
    const show = () => { end.hidden = !["gtid", "time"].includes(goal.kind); };
    show();
    return element("div", {}, select_field("Ends by itself", goal, "kind", [["", "never"], ["caught-up", "when it is caught up"],
        ["gtid", "when these transactions are applied"], ["time", "at a time"]], {changed: show}), end);
}

function goal_text({kind, text}) {
    return ["gtid", "time"].includes(kind) ? `${kind}:${text.trim()}` : kind;
}

// Resolves to null (given up) or to what was chosen.
function confirm(verb, task) {
    const goal = {kind: "", text: ""};
    const traces = verb.name === "remove" &&
        element("input", {type: "checkbox", id: "remove-traces"});
    const yes = element("button", {value: "yes", class: verb.danger ? "danger" : "primary"}, verb.label);
    const dialog = element("dialog", {"aria-labelledby": "confirm-title", "aria-describedby": "confirm-text"},
        element("form", {method: "dialog"},
            element("h2", {id: "confirm-title"}, `${verb.label} ${task.name}?`),
            element("p", {id: "confirm-text"}, verb.question),
            verb.ends && goal_fields(goal),
            traces && element("label", {class: "choice", for: "remove-traces"}, traces,
                              "Also forget its place on the target: it cannot go on from there any more"),
            element("div", {class: "buttons"}, yes,
                    element("button", {value: "no"}, "Cancel"))));
    document.body.append(dialog);
    dialog.showModal();
    return new Promise((done) => dialog.addEventListener("close", () => {
        dialog.remove();
        const chosen = {traces: traces && traces.checked, until: goal_text(goal)};
        done(dialog.returnValue === "yes" ? chosen : null);
    }));
}

export function task_verbs(after_remove) {
    const problem = problem_box();
    const box = element("div", {class: "buttons", role: "group", "aria-label": "Verbs"});
    let shown = "";
    let current = null;
    let busy = false;

    async function act(verb) {
        const chosen = await confirm(verb, current);
        if (!chosen || busy) return;
        busy = true;
        problem.show(null);
        try {
            if (verb.name === "remove") {
                await ask("DELETE", task_path(current.name, chosen.traces ? "?traces=true" : ""));
                announce(`${current.name} is removed.`);
                after_remove();
            } else {
                live.put(await ask("POST", task_path(current.name, `/${verb.name}`), verb.ends ? {until: chosen.until} : {}));
                announce(`${verb.label}: asked for.`);
            }
        } catch (failure) {
            problem.show(failure);
        } finally {
            busy = false;
        }
    }

    return {node: element("div", {}, box, problem), show(task) {
        current = task;
        const allowed = verbs.filter((verb) => verb.from.includes(task.state));
        const names = allowed.map((verb) => verb.name).join();
        if (names === shown) return;
        shown = names;
        const had_focus = box.contains(document.activeElement);
        replace(box, allowed.map((verb) => element("button",
            {type: "button", class: verb.danger ? "danger" : "", on: {click: () => act(verb)}}, verb.label)));
        if (had_focus) box.querySelector("button")?.focus();
    }};
}
