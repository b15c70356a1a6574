// The wizard's choices as a task definition: what docs/configuration.md says of the keys.

import assert from "node:assert/strict";
import test from "node:test";

import {choose_database, choose_table, database_choice, definition_of, endpoint_of, is_chosen, new_choices,
        objects_of, quoted} from "../../api/console/definition.js";
import {bytes, duration, place, seconds} from "../../api/console/format.js";

function choices_of(databases) {
    return {...new_choices(), databases: new Map(Object.entries(databases))};
}

test("names are taken literally", () => {
    for (const [name, wanted] of [["orders", "orders"], ["a-b$_9", "a-b$_9"], ["größe", "größe"], ["a.b", "`a.b`"],
                                  ["a*", "`a*`"], ["/x/", "`/x/`"], ["a`b", "`a``b`"], ["a b", "`a b`"], ["", "``"]])
        assert.equal(quoted(name), wanted);
});

test("a database as a whole, without some of its tables", () => {
    const shop = database_choice();
    choose_database(shop, true);
    choose_table(shop, "scratch", false);
    choose_table(shop, "log", false);
    choose_table(shop, "log", true);
    assert.ok(is_chosen(shop, "orders"));
    assert.ok(!is_chosen(shop, "scratch"));
    assert.deepEqual(objects_of(choices_of({shop})), {include: ["shop.*"], exclude: ["shop.scratch"]});
});

test("single tables", () => {
    const shop = database_choice();
    choose_table(shop, "orders", true);
    choose_table(shop, "a.b", true);
    choose_table(shop, "log", true);
    choose_table(shop, "log", false);
    const nothing = database_choice();
    assert.deepEqual(objects_of(choices_of({shop, nothing})), {include: ["shop.orders", "shop.`a.b`"]});
    choose_database(shop, false);
    assert.deepEqual(objects_of(choices_of({shop})), {include: []});
});

test("other names on the target", () => {
    const shop = database_choice();
    choose_database(shop, true);
    shop.target = "store";
    for (const [from, to] of [["orders", "facts"], ["lines", "dw.lines"], ["same", "same"], ["typed", ""], ["out", "x"]])
        shop.renamed.set(from, to);
    choose_table(shop, "out", false);
    assert.deepEqual(objects_of(choices_of({shop})).rename,
        {shop: "store", "shop.orders": "store.facts", "shop.lines": "dw.lines"});
    const unused = database_choice();
    unused.target = "elsewhere";
    assert.deepEqual(objects_of(choices_of({unused})), {include: []});
});

test("patterns are passed on, one a line", () => {
    const shop = database_choice();
    choose_database(shop, true);
    const choices = {...choices_of({shop}), leave_out: " shop.tmp_* \n\n*.log\n"};
    assert.deepEqual(objects_of(choices).exclude, ["shop.tmp_*", "*.log"]);
});

test("endpoints", () => {
    const endpoint = {...new_choices().source, host: "db1", port: "3307", user: "repl", password: ""};
    assert.deepEqual(endpoint_of(endpoint),
        {host: "db1", port: 3307, user: "repl", password: "", tls: {mode: "preferred"}});
    endpoint.host = "/run/mysqld.sock";
    endpoint.tls.ca = "/ca.pem";
    assert.deepEqual(endpoint_of(endpoint),
        {socket: "/run/mysqld.sock", user: "repl", password: "", tls: {mode: "preferred", ca: "/ca.pem"}});
});

test("a whole definition", () => {
    const shop = database_choice();
    choose_database(shop, true);
    const choices = {...choices_of({shop}), name: "x", existing_tables: "ignore", on_conflict: "overwrite",
                     data: false, relay_key_file: "/keys"};
    const made = definition_of(choices);
    assert.deepEqual(made.initial, {schema: true, data: false});
    assert.deepEqual(made.conflict, {existing_tables: "ignore"});
    assert.ok(!("adopt" in made));
    assert.deepEqual(made.apply, {on_conflict: "overwrite"});
    assert.deepEqual(made.relay, {encryption: {key_file: "/keys"}});
    assert.equal(definition_of({...choices, relay_key_file: ""}).relay, undefined);
});

test("what is on the target is adopted where a backup ends", () => {
    const choices = {...choices_of({}), existing_tables: "adopt"};
    assert.deepEqual(definition_of(choices).initial, {schema: false, data: false});
    assert.equal(definition_of(choices).adopt, undefined);
    assert.deepEqual(definition_of({...choices, adopted_at: " binlog.000007:1234 "}).adopt,
        {file: "binlog.000007", offset: 1234});
    // As a dump has it: over several lines, to be added to what is there.
    const uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
    assert.deepEqual(definition_of({...choices, adopted_at: `+${uuid}:1-5,\n${uuid.replace("3", "4")}:1`}).adopt,
        {gtid_set: `${uuid}:1-5,${uuid.replace("3", "4")}:1`});
    assert.deepEqual(definition_of({...choices, adopted_at: "0-1-4711"}).adopt, {gtid_set: "0-1-4711"});
});

test("figures", () => {
    assert.deepEqual([0, 999, 1000, 1234567, 5e11].map(bytes), ["0 B", "999 B", "1.0 kB", "1.2 MB", "500 GB"]);
    assert.deepEqual([0, 5, 65, 3600, 90061].map(duration), ["0 s", "5 s", "1 min 5 s", "1 h 0 min", "1 d 1 h"]);
    assert.deepEqual([0.04, 59.94, 60].map(seconds), ["0.0 s", "59.9 s", "1 min 0 s"]);
    assert.equal(place({file: "binlog.000001", offset: 4}), "binlog.000001:4");
    assert.equal(place(null), "–");
});
