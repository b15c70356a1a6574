// Elements are made by hand and texts are set as texts: nothing that a server says becomes markup.

// element("button", {class: "primary", on: {click: start}, disabled: true}, "Start"). Children are
// elements, texts, or lists of them; null and false are left out.
export function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (name === "on") {
            for (const [event, handler] of Object.entries(value))
                made.addEventListener(event, handler);
        } else if (["value", "checked", "disabled", "hidden", "indeterminate"].includes(name)) {
            made[name] = value;
        } else if (value === true) {
            made.setAttribute(name, "");
        } else if (value !== false && value !== null && value !== undefined) {
            made.setAttribute(name, value);
        }
    }
    // A select has its options first.
    made.append(...present(children));
    if (tag === "select" && "value" in attributes) made.value = attributes.value;
    return made;
}

function present(children) {
    return children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false);
}

export function replace(parent, ...children) {
    parent.replaceChildren(...present(children));
}

// Only what is different is touched, so that what is selected stays so, and nothing is read twice.
export function set_text(node, text) {
    if (node.textContent !== text) node.textContent = text;
}

let next_id = 0;
export function unique_id(stem) {
    return `${stem}-${++next_id}`;
}

// Said by screen readers; seen by nobody.
export function announce(text) {
    document.getElementById("announcer").textContent = text;
}

// A button that cannot be pressed twice while its work is under way.
export function button(label, work, attributes = {}) {
    const made = element("button", {type: "button", ...attributes, on: {click: async () => {
        made.disabled = true;
        try {
            await work(made);
        } finally {
            made.disabled = false;
        }
    }}}, label);
    return made;
}

// What went wrong, said at once; the same node can be given another text.
export function problem_box() {
    const box = element("p", {class: "problem", role: "alert", hidden: true});
    box.show = (failure) => {
        box.hidden = !failure;
        box.textContent = failure ? failure.message : "";
    };
    return box;
}
