// The console's frame: sign-in, pages by the address behind #, the live connection.

import {ask, on_signed_out, set_token, token} from "./api.js";
import {definition_page} from "./definition_page.js";
import {announce, button, element, problem_box, replace} from "./dom.js";
import {live} from "./live.js";
import {relay_page} from "./relay_page.js";
import {task_list_page} from "./task_list_page.js";
import {task_page} from "./task_page.js";
import {trouble_page} from "./trouble_page.js";
import {wizard_page} from "./wizard_page.js";

// A page is {title, node, close?}. The first group of the pattern is a task's name.
const pages = [
    [/^#?\/?$/, task_list_page],
    [/^#\/trouble$/, trouble_page],
    [/^#\/new$/, wizard_page],
    [/^#\/tasks\/([^/]+)$/, task_page],
    [/^#\/tasks\/([^/]+)\/relay$/, relay_page],
    [/^#\/tasks\/([^/]+)\/definition$/, definition_page],
];
const links = [["#/", "Tasks"], ["#/trouble", "Trouble"], ["#/new", "New task"]];

const main = document.getElementById("main");
const session = {role: "", name: "", version: ""};
let shown = null;

function may_operate() {
    return session.role === "operator" || session.role === "owner";
}

function show(page) {
    shown?.close?.();
    shown = page;
    document.title = `${page.title} · Understudy`;
    replace(main, page.node);
}

function show_pages() {
    const here = location.hash || "#/";
    const visible = links.filter(([to]) => to !== "#/new" || may_operate());
    const nav = document.getElementById("pages");
    nav.hidden = false;
    replace(nav, visible.map(([to, label]) =>
        element("a", {href: to, "aria-current": to === here ? "page" : false}, label)));
    replace(document.getElementById("session"),
            element("span", {class: "soft"}, `${session.name} (${session.role})`),
            button("Sign out", () => sign_out(null), {class: "quiet"}));
}

function navigate({focus = true} = {}) {
    if (!token() || !session.role) return;
    show_pages();
    const here = location.hash;
    for (const [pattern, page] of pages) {
        const match = pattern.exec(here);
        if (!match) continue;
        show(page(decodeURIComponent(match[1] ?? ""), {may_operate: may_operate()}));
        if (focus) focus_heading();
        return;
    }
    show({title: "Not found", node: element("h1", {}, "There is no such page")});
}

function focus_heading() {
    const heading = main.querySelector("h1");
    heading?.setAttribute("tabindex", "-1");
    heading?.focus();
}

function connection_changed(good, message) {
    const banner = document.getElementById("connection");
    banner.hidden = good;
    banner.textContent = good ? "" : `No live figures: ${message} Trying again.`;
}

// `why`: nobody has asked for it.
function sign_out(why) {
    set_token(null);
    session.role = "";
    live.end();
    connection_changed(true, "");
    document.getElementById("pages").hidden = true;
    replace(document.getElementById("session"));
    show(sign_in_page(why));
    main.querySelector("input")?.focus();
}

async function sign_in() {
    const {role, token: name, version} = await ask("GET", "/api/v1/version");
    Object.assign(session, {role, name, version});
    live.begin(connection_changed);
    announce(`Signed in as ${name}, ${role}.`);
    navigate();
}

function sign_in_page(why) {
    const input = element("input", {type: "password", id: "token", autocomplete: "off", required: true,
                                    "aria-describedby": "token-help"});
    const problem = problem_box();
    problem.show(why);
    const submit = element("button", {class: "primary"}, "Sign in");
    const form = element("form", {class: "card narrow", on: {submit: async (event) => {
        event.preventDefault();
        submit.disabled = true;
        set_token(input.value.trim());
        try {
            await sign_in();
        } catch (failure) {
            set_token(null);
            problem.show(failure);
            input.focus();
        } finally {
            submit.disabled = false;
        }
    }}},
        element("h1", {}, "Sign in"),
        element("label", {for: "token"}, "Token"), input,
        element("p", {class: "help", id: "token-help"},
                "The daemon's own is in ", element("code", {}, "api-token"),
                " in its data directory; others are in its file of tokens. It is kept until this tab is closed."),
        problem, submit);
    return {title: "Sign in", node: form};
}

on_signed_out(() => {
    if (session.role) sign_out({message: "The daemon does not know this token any more."});
});
addEventListener("hashchange", () => navigate());
if (token()) sign_in().catch(sign_out);
else show(sign_in_page(null));
