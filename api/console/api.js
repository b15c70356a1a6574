// The daemon's API. The token lives in sessionStorage: it is gone with the tab, and no other site
// can have it sent along.

const storage_key = "understudy-token";

export class api_error extends Error {
    constructor(status, message) {
        super(message);
        this.status = status;
    }
}

export function token() {
    return sessionStorage.getItem(storage_key);
}

export function set_token(value) {
    if (value) sessionStorage.setItem(storage_key, value);
    else sessionStorage.removeItem(storage_key);
}

let signed_out = () => {};
// Called when the daemon does not know the token (any more).
export function on_signed_out(handler) {
    signed_out = handler;
}

async function send(method, path, {body, signal} = {}) {
    const headers = {Authorization: `Bearer ${token()}`};
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let answer;
    try {
        answer = await fetch(path, {method, headers, signal, body: body && JSON.stringify(body)});
    } catch (failure) {
        if (signal?.aborted) throw failure;
        throw new api_error(0, "The daemon does not answer. Is `understudy serve` running?");
    }
    if (answer.ok) return answer;
    const told = await answer.json().catch(() => null);
    if (answer.status === 401) signed_out();
    throw new api_error(answer.status, told?.error?.message ?? `the daemon said ${answer.status}`);
}

export async function ask(method, path, body) {
    return (await send(method, path, {body})).json();
}

export function task_path(name, rest = "") {
    return `/api/v1/tasks/${encodeURIComponent(name)}${rest}`;
}

export function query(parameters) {
    const given = Object.entries(parameters).filter(([, value]) => value !== "" && value !== undefined);
    return given.length ? `?${new URLSearchParams(given)}` : "";
}

// Server-sent events, read by hand: EventSource cannot send a token. Connects again when the stream
// ends. handlers: event(name, data), connected(bool, message). The result ends it.
export function follow_events(handlers) {
    const ended = new AbortController();
    (async () => {
        for (let attempt = 0; !ended.signal.aborted; ++attempt) {
            try {
                const answer = await send("GET", "/api/v1/events", {signal: ended.signal});
                attempt = 0;
                handlers.connected(true, "");
                await read_events(answer.body, handlers.event);
                handlers.connected(false, "The daemon has closed the connection.");
            } catch (failure) {
                if (ended.signal.aborted || failure.status === 401) return;
                handlers.connected(false, failure.message);
            }
            await new Promise((done) => setTimeout(done, Math.min(500 * 2 ** attempt, 10_000)));
        }
    })();
    return () => ended.abort();
}

async function read_events(body, take) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
        const {done, value} = await reader.read();
        if (done) return;
        const events = (rest + value).split("\n\n");
        rest = events.pop();
        for (const text of events) {
            const name = /^event: (.*)$/m.exec(text);
            const data = /^data: (.*)$/m.exec(text);
            if (name && data) take(name[1], JSON.parse(data[1]));
        }
    }
}
