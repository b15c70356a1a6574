// Rates, time left and trouble, from what the daemon says.

import assert from "node:assert/strict";
import test from "node:test";

import {copy_pace, is_in_trouble, live, time_left} from "../../api/console/live.js";

// Node.js before 19 has none.
globalThis.CustomEvent ??= class extends Event {};

function task(more = {}, status = {}) {
    return {name: "shop", running: true, error: "", waiting: "", ...more,
            status: {lag_ms: 1500, copy: {}, relay: {stored_bytes: 7}, receiver: {note: ""}, ...status,
                     applier: {rows: 0, bytes: 0, note: "", ...status.applier}}};
}

function sample_at(second, one) {
    const now = Date.now;
    Date.now = () => second * 1000;
    live.take("task", one);
    live.sample();
    Date.now = now;
    return live.latest("shop");
}

test("rates are those of the last seconds, of copy and stream together", () => {
    const copy = (rows) => ({"shop.t": {rows, rows_estimated: 1000, bytes: rows * 10, finished: false}});
    assert.equal(sample_at(100, task({}, {copy: copy(0)})).rows, 0);
    assert.equal(sample_at(102, task({}, {copy: copy(100)})).rows, 50);
    const now = sample_at(104, task({}, {copy: copy(100), applier: {rows: 100, bytes: 20}}));
    assert.equal(now.rows, 50);
    assert.equal(now.bytes, (1000 + 20) / 4);
    assert.equal(now.delay, 1.5);
    assert.equal(now.totals.relay, 7);
    // Counted from nothing again after a restart, and not at all while it rests.
    assert.equal(sample_at(105, task()).rows, 0);
    assert.equal(sample_at(106, task({}, {applier: {rows: 30}})).rows, 30);
    assert.equal(sample_at(107, task({running: false})).rows, null);
    live.take("removed", {name: "shop"});
    assert.equal(live.latest("shop"), undefined);
});

test("time left is at the pace of the last half minute", () => {
    const at = (time, rows, finished = false) =>
        ({time, copy: {t: {rows, rows_estimated: 1000, bytes: 0, finished}}});
    assert.equal(time_left([at(0, 0), at(10, 100)], ["t"]), 90);
    assert.equal(time_left([at(0, 0), at(60, 100), at(70, 200)], ["t"]), 80);
    assert.equal(time_left([at(0, 0), at(10, 0)], ["t"]), null, "no pace");
    assert.equal(time_left([at(0, 0), at(10, 1100)], ["t"]), null, "the estimate was too small");
    assert.equal(time_left([at(0, 0), at(10, 1000, true)], ["t"]), null, "done");
    assert.equal(time_left([at(0, 0), at(10, 100)], ["other"]), null);
    assert.equal(time_left([], ["t"]), null);
});

test("tables have a pace each and one together", () => {
    const at = (time, a, b) => ({time, copy: {
        a: {rows: a, rows_estimated: 1000, bytes: 10 * a, finished: false},
        b: {rows: b, rows_estimated: 300, bytes: 100 * b, finished: b === 300}}});
    const samples = [at(0, 0, 0), at(10, 100, 300)];
    assert.deepEqual(copy_pace(samples, ["a"]), {rows: 10, bytes: 100});
    assert.deepEqual(copy_pace(samples, ["a", "b"]), {rows: 40, bytes: 3100});
    assert.equal(time_left(samples, ["a", "b"]), 22.5);
    assert.equal(copy_pace(samples.slice(1), ["a"]), null, "nothing to compare with");
    assert.equal(copy_pace([at(0, 5, 0), at(10, 5, 9)], ["a"]), null, "it rests");
});

test("what waits is in trouble too", () => {
    assert.ok(!is_in_trouble(task()));
    assert.ok(is_in_trouble(task({error: "x"})));
    assert.ok(is_in_trouble(task({waiting: "x"})));
    assert.ok(is_in_trouble(task({}, {receiver: {note: "x"}})));
    assert.ok(is_in_trouble(task({}, {applier: {note: "x"}})));
});
