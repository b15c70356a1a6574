// A task's state: a word, and a colour that says no more than the word.

import {element, set_text} from "./dom.js";

const kinds = {
    "synchronizing": "good", "finished": "good",
    "prechecking": "busy", "initializing": "busy", "pausing": "busy", "modifying": "busy",
    "precheck failed": "bad", "initialization failed": "bad", "failed": "bad",
    "paused": "rest", "not started": "rest",
};

export function state_badge() {
    const node = element("span", {class: "badge"});
    return {node, show(task) {
        set_text(node, task.state);
        node.dataset.kind = task.waiting ? "waits" : kinds[task.state] ?? "rest";
    }};
}
