// Databases and tables of the source to choose from, with their names on the target.

import {choose_database, choose_table, database_choice, is_chosen} from "./definition.js";
import {element, replace, set_text, unique_id} from "./dom.js";
import {bytes, count, counted} from "./format.js";

// A source can have more tables than a browser can show; the search narrows them.
const tables_max = 300;

function rename_input(label, value, own_name, keep) {
    const input = element("input", {type: "text", class: "rename", value, placeholder: own_name, spellcheck: "false",
        autocomplete: "off", "aria-label": label, on: {input: () => keep(input.value.trim())}});
    return element("span", {class: "renaming"}, element("span", {class: "soft", "aria-hidden": "true"}, "→ "), input);
}

function table_node(database, choice, table, changed) {
    const name = `${database.name}.${table.name}`;
    const rename = rename_input(`Name of ${name} on the target`, choice.renamed.get(table.name) ?? "", table.name,
                                (text) => choice.renamed.set(table.name, text));
    const box = element("input", {type: "checkbox", checked: is_chosen(choice, table.name), on: {change: () => {
        choose_table(choice, table.name, box.checked);
        changed();
    }}});
    const size = table.kind === "view" ? "view" : `about ${counted(table.rows_estimated, "row")}, ${bytes(table.bytes)}`;
    const node = element("li", {"data-table": name},
        element("label", {class: "choice"}, box, element("span", {}, table.name, " ",
            element("span", {class: "soft"}, size))), rename);
    return {node, show() {
        box.checked = is_chosen(choice, table.name);
        rename.hidden = !box.checked;
    }};
}

function database_node(database, choice, changed) {
    const list = element("ul", {id: unique_id("tables"), hidden: true});
    const more = element("p", {class: "soft", hidden: true});
    let tables = [];
    let search = "";
    let open = false;

    function fill() {
        const matching = database.tables.filter((table) =>
            `${database.name}.${table.name}`.toLowerCase().includes(search));
        tables = matching.slice(0, tables_max).map((table) => table_node(database, choice, table, changed));
        replace(list, tables.map((table) => table.node));
        more.hidden = !open || matching.length <= tables_max;
        set_text(more, `${count(matching.length - tables_max)} more: search for them`);
        return matching.length;
    }
    function expand(wanted) {
        open = wanted;
        list.hidden = !open;
        toggle.setAttribute("aria-expanded", String(open));
        set_text(toggle, open ? "▾" : "▸");
        if (open) fill();
        else more.hidden = true;
        show();
    }
    const toggle = element("button", {type: "button", class: "toggle", "aria-expanded": "false",
        "aria-controls": list.id, "aria-label": `Tables of ${database.name}`,
        on: {click: () => expand(!open)}}, "▸");
    const box = element("input", {type: "checkbox", on: {change: () => {
        choose_database(choice, box.checked);
        changed();
    }}});
    const rename = rename_input(`Name of ${database.name} on the target`, choice.target, database.name,
                                (text) => { choice.target = text; });
    const node = element("li", {"data-database": database.name}, toggle,
        element("label", {class: "choice"}, box, element("span", {}, element("strong", {}, database.name), " ",
            element("span", {class: "soft"}, `${counted(database.tables.length, "table or view", "tables and views")}`))),
        rename, list, more);

    function show() {
        const some = choice.tables.size > 0 || choice.without.size > 0;
        box.checked = choice.whole;
        box.indeterminate = some;
        rename.hidden = !choice.whole && choice.tables.size === 0;
        tables.forEach((table) => table.show());
    }
    return {node, show, search(text) {
        search = text;
        const found = database.tables.some((table) =>
            `${database.name}.${table.name}`.toLowerCase().includes(text));
        node.hidden = text !== "" && !found && !database.name.toLowerCase().includes(text);
        if (text !== "" && found) expand(true);
        else if (open) fill(), show();
    }};
}

// `databases` as /api/v1/objects tells them; what is chosen goes into choices.databases.
export function object_tree(databases, choices, changed = () => {}) {
    for (const database of databases) {
        if (!choices.databases.has(database.name)) choices.databases.set(database.name, database_choice());
    }
    const nodes = databases.map((database) =>
        database_node(database, choices.databases.get(database.name), () => {
            nodes.forEach((one) => one.show());
            changed();
        }));
    const search = element("input", {type: "search", id: "search-objects", autocomplete: "off", spellcheck: "false",
        on: {input: () => nodes.forEach((one) => one.search(search.value.trim().toLowerCase()))}});
    nodes.forEach((one) => one.show());
    return element("div", {class: "objects"},
        element("div", {class: "field"}, element("label", {for: "search-objects"}, "Search databases and tables"), search),
        databases.length === 0 && element("p", {}, "This account sees no database."),
        element("ul", {class: "tree"}, nodes.map((one) => one.node)));
}
