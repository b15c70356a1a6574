// A button that tries to connect to an endpoint, and what came of it, step by step.

import {ask} from "./api.js";
import {button, element, replace} from "./dom.js";
import {endpoint_of} from "./definition.js";

const steps = [["connect", "reach the server"], ["tls", "encrypt"], ["sign-in", "sign in"], ["query", "ask its version"]];

// "tls" is passed also where nothing is encrypted: the mode allowed it.
function step_list(told) {
    const failed_at = steps.findIndex(([name]) => name === told.failed_step);
    return element("ol", {class: "steps-tried"}, steps.map(([, words], index) => {
        const outcome = told.reached || index < failed_at ? "good" : index === failed_at ? "bad" : "rest";
        const word = {good: "done", bad: "failed", rest: "not tried"}[outcome];
        return element("li", {class: outcome}, `${words}: `, element("strong", {}, word));
    }));
}

// `done(reached)` is called with each outcome. The side is "source" or "target".
export function connection_test(side, endpoint, done = () => {}) {
    const result = element("div", {class: "connection", role: "status", "data-side": side});
    const test = button(`Test connection to the ${side}`, async () => {
        replace(result, element("p", {class: "soft"}, "Connecting …"));
        try {
            const told = await ask("POST", "/api/v1/test-connection", {endpoint: endpoint_of(endpoint)});
            replace(result, step_list(told),
                told.reached && element("p", {class: "good"}, `Connected to a server of version ${told.version}.`),
                told.message && element("p", {class: "problem"}, told.message),
                told.warnings.map((text) => element("p", {class: "warning"}, text)));
            done(told.reached);
        } catch (failure) {
            replace(result, element("p", {class: "problem"}, failure.message));
            done(false);
        }
    });
    return element("div", {}, test, result);
}
