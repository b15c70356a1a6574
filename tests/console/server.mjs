// SQL as root, by the mysql client of the servers' own package.

import {execFileSync, spawn} from "node:child_process";

export class sql_server {
    constructor({mysql, socket, port}) {
        Object.assign(this, {mysql, socket, port});
        this.options = ["--no-defaults", "--user=root", `--socket=${socket}`, "--batch", "--skip-column-names",
                        "--default-character-set=utf8mb4"];
    }

    run(sql) {
        return execFileSync(this.mysql, [...this.options, `--execute=${sql}`], {encoding: "utf8"}).trim();
    }

    // A session that keeps its locks until the result is called.
    async hold(sql) {
        const session = spawn(this.mysql, [...this.options, "--unbuffered"], {stdio: ["pipe", "pipe", "inherit"]});
        session.stdin.write(`${sql}; SELECT 'held';\n`);
        await new Promise((done, fail) => {
            session.stdout.once("data", done);
            session.once("exit", () => fail(new Error(`cannot hold: ${sql}`)));
        });
        return () => new Promise((done) => {
            session.removeAllListeners("exit");
            session.once("exit", done);
            session.stdin.end();
        });
    }
}

// Asks until it holds. The pages wait by themselves; this is for what stands on servers.
export async function until(what, condition, seconds = 60) {
    const give_up = Date.now() + seconds * 1000;
    while (!await condition()) {
        if (Date.now() > give_up) throw new Error(`not within ${seconds} s: ${what}`);
        await new Promise((done) => setTimeout(done, 100));
    }
}
