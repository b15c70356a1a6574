// Line charts of the last minutes, drawn by uPlot (third_party/uplot). A chart has its latest value
// as text beside it: that is what a screen reader says of it.

/* global uPlot */

import {element, set_text, unique_id} from "./dom.js";

const dark = matchMedia("(prefers-color-scheme: dark)");

function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function clock(time) {
    return new Date(time * 1000).toLocaleTimeString("en-GB");
}

// `write`: a value as text, for axis and legend.
class line_chart {
    constructor(title, write) {
        this.write = write;
        this.value = element("output", {class: "chart-value"}, "–");
        this.plot_box = element("div", {class: "plot", "aria-hidden": "true"});
        const id = unique_id("chart");
        this.node = element("section", {class: "chart", "aria-labelledby": id},
                            element("h2", {id}, title), this.value, this.plot_box);
        this.data = [[], []];
        this.resized = new ResizeObserver(() => this.fit());
        this.resized.observe(this.plot_box);
        this.repaint = () => this.draw();
        dark.addEventListener("change", this.repaint);
    }

    draw() {
        this.plot?.destroy();
        const axis = {stroke: colour("--soft"), font: "11px system-ui, sans-serif",
                      grid: {stroke: colour("--line"), width: 1}, ticks: {show: false}};
        this.plot = new uPlot({
            width: Math.max(this.plot_box.clientWidth, 120),
            height: 130,
            legend: {show: false},
            cursor: {y: false},
            scales: {x: {time: true},
                     y: {range: (_, low, high) => [0, Math.max(high ?? 0, 1) * 1.1]}},
            axes: [{...axis, size: 28, space: 70, values: (_, times) => times.map(clock)},
                   {...axis, size: 64, values: (_, values) => values.map(this.write)}],
            series: [{}, {stroke: colour("--accent"), fill: colour("--accent-soft"), width: 1.5,
                          points: {show: false}}],
        }, this.data, this.plot_box);
    }

    fit() {
        const width = this.plot_box.clientWidth;
        if (!this.plot || width === 0) return;
        if (Math.abs(this.plot.width - width) > 1) this.plot.setSize({width, height: 130});
    }

    show(times, values) {
        this.data = [times, values];
        const latest = values.at(-1);
        set_text(this.value, latest === null || latest === undefined ? "–" : this.write(latest));
        if (!this.plot_box.isConnected) return;
        if (this.plot) this.plot.setData(this.data);
        else this.draw();
    }

    close() {
        this.resized.disconnect();
        dark.removeEventListener("change", this.repaint);
        this.plot?.destroy();
    }
}

// parts: [[what to read of a sample, title, how to write it]].
export function task_charts(parts) {
    const charts = parts.map(([read, title, write]) => [read, new line_chart(title, write)]);
    return {
        node: element("div", {class: "charts"}, charts.map(([, chart]) => chart.node)),
        show(samples) {
            const times = samples.map((one) => one.time);
            for (const [read, chart] of charts)
                chart.show(times, samples.map(read));
        },
        close() {
            for (const [, chart] of charts)
                chart.close();
        },
    };
}
