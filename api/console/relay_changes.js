// Changes as a search of the relay log gives them, grouped by transaction.

import {element} from "./dom.js";
import {counted, moment} from "./format.js";

function value_text(value) {
    if (value === null || value === undefined) return "NULL";
    return typeof value === "string" ? value : JSON.stringify(value);
}

function same(a, b) {
    return JSON.stringify(a) === JSON.stringify(b);
}

function value_rows({before, after, kind}) {
    const columns = Object.keys({...before, ...after});
    return columns.map((column) => {
        const was = before?.[column];
        const is = after?.[column];
        const changed = kind === "update" && after && column in after && !same(was, is);
        return element("tr", {class: changed ? "changed" : ""}, element("th", {scope: "row"}, column),
            element("td", {}, before && column in before ? value_text(was) : "–"),
            element("td", {}, after && column in after ? value_text(is) : "–"));
    });
}

function change_node(change) {
    const what = change.kind.toUpperCase();
    if (!change.table) {
        return element("div", {class: "change"}, element("p", {}, element("strong", {}, what), " ",
            element("code", {}, change.statement ?? change.event ?? "")));
    }
    return element("div", {class: "change"},
        element("p", {}, element("strong", {}, what), ` ${change.database}.${change.table}`),
        element("div", {class: "wide"}, element("table", {class: "values"},
            element("thead", {}, element("tr", {}, ["Column", "Before", "After"].map(
                (title) => element("th", {scope: "col"}, title)))),
            element("tbody", {}, value_rows(change)))));
}

function transactions_of(changes) {
    const found = [];
    for (const change of changes) {
        const id = `${change.file}:${change.position}`;
        if (found.at(-1)?.id !== id) found.push({id, gtid: change.gtid, time: change.time, changes: []});
        found.at(-1).changes.push(change);
    }
    return found;
}

export function relay_changes({changes, truncated}) {
    const transactions = transactions_of(changes);
    return element("div", {},
        element("p", {class: "verdict"}, changes.length === 0 ? "Nothing was found."
            : `${counted(changes.length, "change")} in ${counted(transactions.length, "transaction")}` +
              (truncated ? "; there are more: narrow the search." : ".")),
        transactions.map((one) => element("article", {class: "card transaction"},
            element("h3", {}, element("time", {datetime: one.time}, moment(one.time)), " UTC"),
            element("p", {class: "soft"}, [one.gtid, one.id].filter(Boolean).join("  ")),
            one.changes.map(change_node))));
}
