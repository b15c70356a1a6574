// Searches in a task's relay log: "what happened to this row" and "what was written at 03:12".

import {ask, query, task_path} from "./api.js";
import {button, element, problem_box, replace} from "./dom.js";
import {choice_field, select_field, text_field} from "./fields.js";
import {relay_changes} from "./relay_changes.js";

const changes_max = 200;
const kinds = [["", "all"], ["insert", "INSERT"], ["update", "UPDATE"], ["delete", "DELETE"], ["ddl", "DDL"],
               ["statement", "other statements"]];

// As the search takes it, in UTC: "2026-02-03 12:34:56".
function utc(date) {
    return date.toISOString().slice(0, 19).replace("T", " ");
}

// An answer to an earlier question is passed over.
function result_box(name) {
    const problem = problem_box();
    const box = element("div", {role: "status"});
    let asked = 0;
    return {node: element("section", {"aria-label": "What was found"}, problem, box), async search(command, parameters) {
        const mine = ++asked;
        problem.show(null);
        replace(box, element("p", {class: "soft"}, "Searching …"));
        try {
            const found = await ask("GET", task_path(name, `/relay/${command}${query({...parameters, limit: changes_max})}`));
            if (mine === asked) replace(box, relay_changes(found));
        } catch (failure) {
            if (mine !== asked) return;
            replace(box);
            problem.show(failure);
        }
    }};
}

function search_form(title, fields, search, more = []) {
    return element("form", {class: "card", "aria-label": title, on: {submit: (event) => {
        event.preventDefault();
        search();
    }}}, element("h2", {}, title), fields,
        element("div", {class: "buttons"}, element("button", {class: "primary"}, "Search"), more));
}

function row_form(result) {
    const asked = {table: "", how: "key", text: ""};
    return search_form("What happened to this row?", [
        text_field("Table on the source", asked, "table", {placeholder: "shop.orders", required: true}),
        choice_field("The row by", asked, "how", [
            ["key", "its key:", "42, or eu,42: the whole life of the row, also through changes of its key"],
            ["where", "a condition:", "id = 42 and before.status = 'paid'"]]),
        text_field("Key or condition", asked, "text", {required: true}),
    ], () => asked.how === "key"
        ? result.search("history", {table: asked.table, key: asked.text})
        : result.search("show", {table: asked.table, where: asked.text}));
}

function time_form(result) {
    const now = Date.now();
    const asked = {since: utc(new Date(now - 10 * 60_000)), until: utc(new Date(now)), table: "", kind: ""};
    const form = element("div");
    const fill = () => replace(form,
        text_field("From (UTC)", asked, "since", {help: "2026-02-03 03:12, or -2h for two hours ago."}),
        text_field("To (UTC)", asked, "until"),
        text_field("Tables", asked, "table", {help: "Empty: all. Patterns with commas between them: shop.*, crm.customers"}),
        select_field("Kind", asked, "kind", kinds));
    fill();
    const minute = button("The last minute", () => {
        asked.since = "-1m";
        asked.until = "now";
        fill();
    });
    return search_form("What was written then?", form, () => result.search("show",
        {since: asked.since, until: asked.until, table: asked.table, kind: asked.kind}), minute);
}

export function relay_page(name) {
    const result = result_box(name);
    return {
        title: `Relay log of ${name}`,
        node: element("div", {},
            element("p", {}, element("a", {href: `#/tasks/${encodeURIComponent(name)}`}, `← ${name}`)),
            element("h1", {}, `Relay log of ${name}`),
            element("p", {class: "help"}, "Everything the source sent and that is still kept, with its values before and after. ",
                    "Times are UTC, in whole seconds."),
            element("div", {class: "sides"}, row_form(result), time_form(result)), result.node),
    };
}
