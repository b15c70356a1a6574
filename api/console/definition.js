// The wizard's choices, and the task definition that they make (docs/configuration.md). Pure.

export function new_choices() {
    const endpoint = () => ({host: "", port: 3306, user: "", password: "",
                             tls: {mode: "preferred", ca: "", cert: "", key: ""}});
    return {
        name: "",
        source: endpoint(),
        target: endpoint(),
        relay_key_file: "",
        databases: new Map(), // name: database_choice()
        leave_out: "",        // patterns, one a line
        existing_tables: "intercept",
        adopted_at: "", // with "adopt": GTIDs, or "binlog.000007:1234"
        on_conflict: "stop",
        schema: true,
        data: true,
    };
}

// whole: the database with all that will ever be in it, but for the tables in `without`; else the
// tables in `tables`. target: its name there; renamed: names of its tables there.
export function database_choice() {
    return {whole: false, without: new Set(), tables: new Set(), target: "", renamed: new Map()};
}

export function is_chosen(database, table) {
    return database.whole ? !database.without.has(table) : database.tables.has(table);
}

export function choose_table(database, table, chosen) {
    const exceptions = database.whole ? database.without : database.tables;
    if (chosen !== database.whole) exceptions.add(table);
    else exceptions.delete(table);
}

export function choose_database(database, chosen) {
    database.whole = chosen;
    database.without.clear();
    database.tables.clear();
}

// Back-ticks take a name literally; most names need none.
export function quoted(name) {
    return /^[\p{L}\p{N}_$-]+$/u.test(name) ? name : `\`${name.replaceAll("`", "``")}\``;
}

export function endpoint_of({host, port, user, password, tls}) {
    const given = Object.entries(tls).filter(([, value]) => value !== "");
    const place = host.startsWith("/") ? {socket: host} : {host, port: Number(port)};
    return {...place, user, password, tls: Object.fromEntries(given)};
}

function lines(text) {
    return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}

// A name with a dot is a database and a table; without, a table beside its siblings.
function table_target(text, sibling_database) {
    const dot = text.indexOf(".");
    return dot < 0 ? `${quoted(sibling_database)}.${quoted(text)}`
                   : `${quoted(text.slice(0, dot))}.${quoted(text.slice(dot + 1))}`;
}

export function objects_of(choices) {
    const include = [];
    const exclude = lines(choices.leave_out);
    const rename = {};
    for (const [name, database] of choices.databases) {
        const here = quoted(name);
        if (database.whole) include.push(`${here}.*`);
        for (const table of database.tables)
            include.push(`${here}.${quoted(table)}`);
        for (const table of database.without)
            exclude.push(`${here}.${quoted(table)}`);
        if (!database.whole && database.tables.size === 0) continue;
        const renamed = database.target && database.target !== name;
        if (renamed) rename[here] = quoted(database.target);
        for (const [table, target] of database.renamed) {
            if (target && target !== table && is_chosen(database, table))
                rename[`${here}.${quoted(table)}`] = table_target(target, database.target || name);
        }
    }
    return {include, ...(exclude.length && {exclude}), ...(Object.keys(rename).length && {rename})};
}

// Where what is on the target stands in the source's log: "binlog.000007:1234", or a set of GTIDs.
export function adopted_place(text) {
    const position = /^([^:,\s]+\.\d+):(\d+)$/.exec(text.trim());
    if (position) return {file: position[1], offset: Number(position[2])};
    return {gtid_set: text.replace(/\s+/g, "").replace(/^\+/, "")};
}

export function definition_of(choices) {
    const adopts = choices.existing_tables === "adopt";
    const place = adopts && choices.adopted_at.trim();
    return {
        name: choices.name,
        source: endpoint_of(choices.source),
        target: endpoint_of(choices.target),
        objects: objects_of(choices),
        initial: adopts ? {schema: false, data: false} : {schema: choices.schema, data: choices.data},
        conflict: {existing_tables: choices.existing_tables},
        ...(place && {adopt: adopted_place(place)}),
        apply: {on_conflict: choices.on_conflict},
        ...(choices.relay_key_file && {relay: {encryption: {key_file: choices.relay_key_file}}}),
    };
}
