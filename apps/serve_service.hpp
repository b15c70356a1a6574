#pragma once

#include "api/task_service.hpp"
#include "apps/task_supervisor.hpp"

#include <atomic>
#include <filesystem>
#include <string>

namespace understudy::apps {

// What the API asks for, done with the supervisor, the precheck and the inspection tool. Any
// thread.
class serve_service final : public api::task_service {
public:
    // `supervisor` must live longer. `program`: this program's path, for searches of the relay.
    serve_service(task_supervisor& supervisor, std::filesystem::path data_dir,
                  std::filesystem::path program);

    // Tasks that ran are running again.
    void set_ready(bool ready) { ready_ = ready; }

    std::vector<api::task_view> tasks() override;
    api::outcome<api::task_view> task(const std::string& name) override;
    api::process_view process() override;
    bool is_ready() override { return ready_; }

    api::outcome<std::string> definition(const std::string& name) override;
    api::outcome<api::task_view> create(const api::caller& who,
                                        const api::given_definition& given) override;
    api::outcome<api::task_view> modify(const api::caller& who, const std::string& name,
                                        const api::given_definition& given) override;
    api::outcome<api::task_view> act(const std::string& name, api::verb what,
                                     const std::string& until) override;
    [[nodiscard]] api::outcome<std::string>
    quarantine(const std::string& name, const std::string& table, api::table_verb what) override;
    api::outcome<void> remove(const std::string& name, bool traces) override;
    api::outcome<std::string> precheck(const std::string& name) override;
    api::outcome<std::string> precheck_definition(const api::caller& who,
                                                  const api::given_definition& given) override;
    api::outcome<std::string> test_connection(const api::caller& who,
                                              const boost::json::object& endpoint) override;
    api::outcome<std::string> objects(const api::caller& who,
                                      const boost::json::object& endpoint) override;
    api::outcome<std::string>
    relay_search(const std::string& name, const std::string& command,
                 const std::map<std::string, std::string>& arguments) override;
    api::outcome<std::string> log(const std::string& name, std::size_t lines_max) override;

private:
    [[nodiscard]] api::task_view view(supervised_task task) const;

    task_supervisor& supervisor_;
    const std::filesystem::path data_dir_;
    const std::filesystem::path program_;
    std::atomic<bool> ready_ = false;
};

} // namespace understudy::apps
