// All tasks as the daemon last told them, and for each what its figures were in the last minutes.
// Events: "change" (detail: the task's name) and "tick", every second.

import {follow_events} from "./api.js";

const samples_max = 900;
const rate_seconds = 5;

// Before anything has been copied or applied there is nothing to divide.
function totals_of(task) {
    const {copy, applier, relay} = task.status;
    let rows = applier.rows;
    let bytes = applier.bytes ?? 0;
    for (const table of Object.values(copy)) {
        rows += table.rows;
        bytes += table.bytes;
    }
    return {rows, bytes, relay: relay.stored_bytes};
}

function rate(recent, now, of) {
    const first = recent[0];
    if (!first || now.time <= first.time) return 0;
    return Math.max(0, (now.totals[of] - first.totals[of]) / (now.time - first.time));
}

class live_tasks extends EventTarget {
    tasks = new Map();
    samples = new Map(); // name: [{time, totals, copy, delay, rows, bytes}], times in seconds
    loaded = false;
    connected = false;

    begin(connected) {
        const end = follow_events({
            event: (name, data) => this.take(name, data),
            connected: (good, message) => {
                this.connected = good;
                connected(good, message);
            },
        });
        const timer = setInterval(() => this.sample(), 1000);
        this.end = () => {
            end();
            clearInterval(timer);
            this.tasks.clear();
            this.samples.clear();
            this.loaded = false;
        };
    }

    end() {}

    take(event, data) {
        this.loaded = true;
        if (event === "task") {
            this.tasks.set(data.name, data);
        } else if (event === "removed") {
            this.tasks.delete(data.name);
            this.samples.delete(data.name);
        }
        this.tell("change", data.name);
    }

    // An answer to a verb is newer than the last event.
    put(task) {
        this.take("task", task);
    }

    sample() {
        // The first events come with the connection.
        this.loaded ||= this.connected;
        const time = Date.now() / 1000;
        for (const task of this.tasks.values()) {
            const all = this.samples.get(task.name) ?? [];
            const now = {time, totals: totals_of(task), copy: task.status.copy,
                         delay: task.running ? task.status.lag_ms / 1000 : null};
            // A new run counts from the beginning again.
            const recent = all.filter((one) => one.time >= time - rate_seconds &&
                                               one.totals.rows <= now.totals.rows);
            now.rows = task.running ? rate(recent, now, "rows") : null;
            now.bytes = task.running ? rate(recent, now, "bytes") : null;
            all.push(now);
            if (all.length > samples_max) all.shift();
            this.samples.set(task.name, all);
        }
        this.tell("tick", null);
    }

    latest(name) {
        return this.samples.get(name)?.at(-1);
    }

    tell(event, detail) {
        this.dispatchEvent(new CustomEvent(event, {detail}));
    }
}

export const live = new live_tasks();

// Rows and bytes a second that were copied in the last half minute, of these tables together; null:
// none were, or there is nothing to compare with.
export function copy_pace(samples, tables) {
    const now = samples.at(-1);
    const is_known = (one) => tables.some((table) => one.copy[table]);
    const before = now && samples.find((one) => one.time >= now.time - 30 && is_known(one));
    if (!before || before.time >= now.time) return null;
    const sum = (one, figure) => tables.reduce((all, table) => all + (one.copy[table]?.[figure] ?? 0), 0);
    const a_second = (figure) => (sum(now, figure) - sum(before, figure)) / (now.time - before.time);
    const pace = {rows: a_second("rows"), bytes: a_second("bytes")};
    return pace.rows > 0 ? pace : null;
}

// How long the copy of these tables still takes at that pace, in seconds; null: no telling.
export function time_left(samples, tables) {
    const copy = samples.at(-1)?.copy ?? {};
    const missing = tables.reduce((all, table) => {
        const one = copy[table];
        return all + (one && !one.finished ? Math.max(one.rows_estimated - one.rows, 0) : 0);
    }, 0);
    const pace = copy_pace(samples, tables);
    return pace && missing > 0 ? missing / pace.rows : null;
}

export function is_in_trouble(task) {
    return Boolean(task.error || task.waiting || task.status.receiver.note ||
                   task.status.applier.note);
}
