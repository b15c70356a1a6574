#pragma once

#include "api/task_service.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace understudy::test {

// A task_service without tasks behind it: keeps what was asked and answers from what it is told.
class fake_service final : public api::task_service {
public:
    static api::task_view some_task(const std::string& name) {
        api::task_view task{.name = name};
        task.status.task = name;
        task.status.copy["shop.orders"] = {.rows = 5, .rows_estimated = 10, .bytes = 100};
        task.status.applied = {"binlog.000042", 4711};
        task.status.received = {"binlog.000042", 5000};
        task.status.warnings = {"look at \"this\""};
        task.record.life = state::lifecycle::at(state::lifecycle_state::synchronizing);
        task.record.last_error = "was lost";
        task.source = "10.0.0.1:3306";
        task.target = "10.0.0.2:3306";
        task.running = true;
        return task;
    }

    std::vector<api::task_view> tasks() override {
        const std::scoped_lock lock(mutex);
        std::vector<api::task_view> all;
        for (const auto& [name, task] : known)
            all.push_back(task);
        return all;
    }
    api::outcome<api::task_view> task(const std::string& name) override {
        const std::scoped_lock lock(mutex);
        const auto found = known.find(name);
        if (found == known.end()) return missing(name);
        return found->second;
    }
    api::process_view process() override { return {.resident_bytes = 1, .descriptors = 2}; }
    bool is_ready() override { return ready; }
    api::outcome<std::string> definition(const std::string& name) override {
        if (auto found = task(name); !found) return std::unexpected(found.error());
        return R"({"name":"shop","source":{"password":"********"}})";
    }
    api::outcome<api::task_view> create(const api::caller& who,
                                        const api::given_definition& given) override {
        note("create " + who.name + " " + given.toml);
        return some_task("made");
    }
    api::outcome<api::task_view> modify(const api::caller&, const std::string& name,
                                        const api::given_definition& given) override {
        note("modify " + name + " " + given.toml);
        return task(name);
    }
    api::outcome<api::task_view> act(const std::string& name, api::verb what,
                                     const std::string& until) override {
        note("act " + name + " " + std::to_string(static_cast<int>(what)) + " " + until);
        return task(name);
    }
    api::outcome<std::string> quarantine(const std::string& name, const std::string& table,
                                         api::table_verb what) override {
        constexpr const char* words[] = {"quarantine ", "resume ", "reload "};
        note(words[static_cast<int>(what)] + name + " " + table);
        return R"({"said":"it will be"})";
    }
    api::outcome<void> remove(const std::string& name, bool traces) override {
        note("remove " + name + (traces ? " with traces" : ""));
        if (auto found = task(name); !found) return std::unexpected(found.error());
        return {};
    }
    api::outcome<std::string> precheck(const std::string&) override { return report(); }
    api::outcome<std::string> precheck_definition(const api::caller&,
                                                  const api::given_definition&) override {
        return report();
    }
    api::outcome<std::string> test_connection(const api::caller&,
                                              const boost::json::object&) override {
        return R"({"reached":true,"failed_step":"","message":"","version":"9.7","warnings":[]})";
    }
    api::outcome<std::string> objects(const api::caller&, const boost::json::object&) override {
        return R"({"databases":[{"name":"shop","tables":[{"name":"t","kind":"table",
                   "rows_estimated":1,"bytes":2}]}]})";
    }
    api::outcome<std::string>
    relay_search(const std::string& name, const std::string& command,
                 const std::map<std::string, std::string>& arguments) override {
        std::string text = "relay " + name + " " + command;
        for (const auto& [key, value] : arguments)
            text += " " + key + "=" + value;
        note(text);
        return R"({"changes":[{"kind":"insert"}],"truncated":false})";
    }
    api::outcome<std::string> log(const std::string& name, std::size_t lines) override {
        note("log " + name + " " + std::to_string(lines));
        return R"({"lines":[{"time":"2026-01-01T00:00:00.000Z","level":"info","task":"shop",
                   "position":"","message":"hello"}]})";
    }

    [[nodiscard]] std::vector<std::string> asked() {
        const std::scoped_lock lock(mutex);
        return asked_;
    }

    std::mutex mutex;
    std::map<std::string, api::task_view> known{{"shop", some_task("shop")}};
    std::atomic<bool> ready = true;

private:
    static std::unexpected<api::refusal> missing(const std::string& name) {
        return std::unexpected(
            api::refusal{api::refusal::kind::not_found, "there is no task " + name});
    }
    static std::string report() {
        return R"({"passed":true,"items":[{"id":"source.x","severity":"blocking",
                   "outcome":"passed","title":"t","seen":"s","why":"","fix":""}]})";
    }
    void note(std::string text) {
        const std::scoped_lock lock(mutex);
        asked_.push_back(std::move(text));
    }
    std::vector<std::string> asked_;
};

} // namespace understudy::test
