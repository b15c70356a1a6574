// The steps of the wizard: each makes its content from the choices and says what is missing.
// {title, node(choices, tell) → element, missing(choices) → text or ""}

import {ask} from "./api.js";
import {connection_test} from "./connection_test.js";
import {definition_of, endpoint_of, objects_of} from "./definition.js";
import {button, element, problem_box, replace} from "./dom.js";
import {check_field, choice_field, lines_field, select_field, text_field} from "./fields.js";
import {object_tree} from "./object_tree.js";
import {precheck_view} from "./precheck_view.js";

function endpoint_fields(side, endpoint) {
    return element("fieldset", {class: "card", "data-side": side}, element("legend", {}, `The ${side}`),
        text_field("Host", endpoint, "host", {help: "Name or address; a path that begins with / is a Unix socket."}),
        text_field("Port", endpoint, "port", {type: "number", min: 1, max: 65535}),
        text_field("User", endpoint, "user"),
        text_field("Password", endpoint, "password", {type: "password", autocomplete: "new-password"}),
        connection_test(side, endpoint));
}

export const endpoints_step = {
    title: "Endpoints",
    node: (choices) => element("div", {},
        text_field("Name of the task", choices, "name",
                   {help: "1 to 64 letters, digits, - and _.", maxlength: 64}),
        element("div", {class: "sides"},
            endpoint_fields("source", choices.source), endpoint_fields("target", choices.target))),
    missing({name, source, target}) {
        if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) return "The task needs a name of letters, digits, - and _.";
        for (const [side, endpoint] of Object.entries({source, target})) {
            if (!endpoint.host) return `The ${side} needs a host.`;
            if (!endpoint.user) return `The ${side} needs a user.`;
        }
        return "";
    },
};

const tls_modes = [
    ["preferred", "preferred: where the server can; nobody's identity is checked"],
    ["required", "required: encrypt or fail"],
    ["verify-ca", "verify-ca: also a certificate of this authority"],
    ["verify-identity", "verify-identity: also one that names the host"],
    ["disabled", "disabled: in the clear"],
];

function tls_fields(side, endpoint) {
    const files = element("div", {},
        text_field("Certificate of the authority (PEM)", endpoint.tls, "ca"),
        text_field("Our certificate (PEM)", endpoint.tls, "cert"),
        text_field("Our private key (PEM)", endpoint.tls, "key"));
    const show = () => { files.hidden = endpoint.tls.mode === "disabled"; };
    show();
    return element("fieldset", {class: "card", "data-side": side}, element("legend", {}, `To the ${side}`),
        select_field("TLS", endpoint.tls, "mode", tls_modes, {changed: show}), files, connection_test(side, endpoint));
}

export const encryption_step = {
    title: "Encryption",
    node: (choices) => element("div", {},
        element("p", {class: "help"}, "Paths are those of the daemon's machine. With a token of the role operator they must lie in ",
                element("code", {}, "credentials"), " in its data directory."),
        element("div", {class: "sides"}, tls_fields("source", choices.source), tls_fields("target", choices.target)),
        element("fieldset", {class: "card"}, element("legend", {}, "The relay log on disk"),
            text_field("Key file", choices, "relay_key_file", {help: "Empty: the log is not encrypted."}))),
    missing({source, target}) {
        for (const [side, {tls}] of Object.entries({source, target})) {
            if (tls.mode.startsWith("verify") && !tls.ca) return `${tls.mode} of the ${side} needs the authority's certificate.`;
        }
        return "";
    },
};

export const objects_step = {
    title: "Objects",
    node(choices) {
        const problem = problem_box();
        const tree = element("div", {}, element("p", {class: "soft", role: "status"}, "Asking the source …"));
        const load = async () => {
            problem.show(null);
            try {
                const {databases} = await ask("POST", "/api/v1/objects", {endpoint: endpoint_of(choices.source)});
                replace(tree, object_tree(databases, choices));
            } catch (failure) {
                problem.show(failure);
                replace(tree);
            }
        };
        load();
        return element("div", {},
            element("p", {class: "help"}, "A database that is chosen as a whole is followed with all that will ever be in it. ",
                    "A name beside the arrow is the one on the target; for a table it may be database.table."),
            element("div", {class: "buttons"}, button("Ask the source again", load)), problem, tree,
            lines_field("Leave out (patterns)", choices, "leave_out",
                        {help: "One a line, such as shop.tmp_* or *.log_?."}));
    },
    missing: (choices) => objects_of(choices).include.length ? "" : "Choose at least one database or table.",
};

export const conflicts_step = {
    title: "Conflicts",
    node: (choices) => element("div", {},
        choice_field("A table of the same name is on the target already", choices, "existing_tables", [
            ["intercept", "Do not start.", "Nothing is written before somebody has decided."],
            ["ignore", "Keep it.", "It and its rows stay; rows that are missing are added."],
            ["adopt", "Take it as it is.", "The target was filled from a backup: nothing is copied."]]),
        text_field("Where the backup ends in the source's log", choices, "adopted_at",
                   {help: "Only for “take it as it is”: a set of GTIDs, or file:offset. Empty: where the source is at the start."}),
        choice_field("A row is not on the target as the source had it", choices, "on_conflict", [
            ["stop", "Stop the task.", "Somebody else writes there: look first."],
            ["overwrite", "Overwrite.", "The row gets the source's state; it is counted and listed."],
            ["ignore", "Leave the change out.", "It is counted and listed."],
            ["quarantine", "Set the table aside.", "Its changes wait in the relay log until it is mended and resumed; the rest goes on."]])),
    missing: () => "",
};

export const phases_step = {
    title: "Initial copy",
    node: (choices) => element("fieldset", {}, element("legend", {}, "Before the stream of changes"),
        check_field("Definitions.", choices, "schema", {help: "Make databases, tables, views and programs on the target."}),
        check_field("Rows.", choices, "data", {help: "Copy the rows that are there; else replication begins with what changes from now on."})),
    missing: () => "",
};

// `tell(passed)`: whether the next step may be taken.
export const precheck_step = {
    title: "Precheck",
    node(choices, tell) {
        const view = precheck_view();
        const problem = problem_box();
        const working = element("p", {class: "soft", role: "status"});
        const check = async () => {
            tell(false);
            problem.show(null);
            working.textContent = "Looking at both servers; nothing is changed …";
            try {
                const report = await ask("POST", "/api/v1/precheck", {definition: definition_of(choices)});
                view.show(report);
                tell(report.passed);
            } catch (failure) {
                problem.show(failure);
            } finally {
                working.textContent = "";
            }
        };
        const again = button("Check again", check);
        again.click();
        return element("div", {}, again, working, problem, view.node);
    },
    missing: () => "Mend what the precheck found, and check again.",
};

function summary(choices) {
    const {include, exclude = [], rename = {}} = objects_of(choices);
    const side = ({host, port, user, tls}) => `${user}@${host}:${port}, TLS ${tls.mode}`;
    return Object.entries({
        "Name": choices.name,
        "Source": side(choices.source),
        "Target": side(choices.target),
        "Objects": include.join(", "),
        "Left out": exclude.join(", ") || "nothing",
        "Other names": Object.entries(rename).map(([from, to]) => `${from} → ${to}`).join(", ") || "none",
        "Tables that are there": choices.existing_tables === "ignore" ? "kept" : "keep the task from starting",
        "Conflicts": choices.on_conflict,
        "Initial copy": [choices.schema && "definitions", choices.data && "rows"].filter(Boolean).join(", ") || "none",
        "Relay log": choices.relay_key_file ? "encrypted" : "not encrypted",
    });
}

export const start_step = {
    title: "Start",
    node: (choices) => element("dl", {class: "figures card"}, summary(choices).map(([title, text]) =>
        element("div", {}, element("dt", {}, title), element("dd", {}, text)))),
    missing: () => "",
};
