// Labelled fields that keep one property of an object.

import {element, unique_id} from "./dom.js";

function labelled(label, input, help) {
    const id = unique_id("field");
    input.id = id;
    const note = help && element("span", {class: "help", id: `${id}-help`}, help);
    if (help) input.setAttribute("aria-describedby", `${id}-help`);
    return element("div", {class: "field"}, element("label", {for: id}, label), input, note);
}

export function text_field(label, of, key, {help, changed, ...attributes} = {}) {
    const input = element("input", {type: "text", autocomplete: "off", spellcheck: "false", ...attributes,
        value: of[key], on: {input: () => {
            of[key] = input.value;
            changed?.();
        }}});
    return labelled(label, input, help);
}

export function lines_field(label, of, key, {help} = {}) {
    const input = element("textarea", {rows: 3, spellcheck: "false", value: of[key],
                                       on: {input: () => { of[key] = input.value; }}});
    return labelled(label, input, help);
}

// options: [[value, words]]
export function select_field(label, of, key, options, {help, changed} = {}) {
    const input = element("select", {on: {change: () => {
        of[key] = input.value;
        changed?.();
    }}, value: of[key]}, options.map(([value, words]) => element("option", {value}, words)));
    return labelled(label, input, help);
}

// options: [[value, words, help]]
export function choice_field(legend, of, key, options) {
    const name = unique_id("choice");
    return element("fieldset", {}, element("legend", {}, legend), options.map(([value, words, help]) =>
        element("label", {class: "choice"},
            element("input", {type: "radio", name, checked: of[key] === value,
                              on: {change: () => { of[key] = value; }}}),
            element("span", {}, element("strong", {}, words), " ", element("span", {class: "soft"}, help)))));
}

export function check_field(label, of, key, {help} = {}) {
    const input = element("input", {type: "checkbox", checked: of[key],
                                    on: {change: () => { of[key] = input.checked; }}});
    return element("label", {class: "choice"}, input,
        element("span", {}, element("strong", {}, label), " ", element("span", {class: "soft"}, help)));
}
