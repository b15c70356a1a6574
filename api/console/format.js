// Figures as people read them. Pure.

const whole = new Intl.NumberFormat("en");

export function count(number) {
    return whole.format(Math.round(number));
}

export function counted(number, one, many = `${one}s`) {
    return `${count(number)} ${number === 1 ? one : many}`;
}

export function bytes(number) {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let unit = 0;
    while (number >= 1000 && unit < units.length - 1) {
        number /= 1000;
        ++unit;
    }
    return `${unit === 0 || number >= 100 ? Math.round(number) : number.toFixed(1)} ${units[unit]}`;
}

export function seconds(number) {
    if (number < 60) return `${number.toFixed(1)} s`;
    return duration(number);
}

export function duration(number) {
    const total = Math.round(number);
    const parts = [[Math.floor(total / 86400), "d"], [Math.floor(total / 3600) % 24, "h"],
                   [Math.floor(total / 60) % 60, "min"], [total % 60, "s"]];
    const first = parts.findIndex(([value]) => value > 0);
    if (first < 0) return "0 s";
    return parts.slice(first, first + 2).map(([value, unit]) => `${value} ${unit}`).join(" ");
}

export function moment(text) {
    return text ? text.replace("T", " ").replace(/(\.\d+)?Z$/, "") : "";
}

export function place(position) {
    return position ? `${position.file}:${position.offset}` : "–";
}
