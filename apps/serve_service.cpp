#include "apps/serve_service.hpp"

#include "api/definition_text.hpp"
#include "apps/data_dir.hpp"
#include "apps/definition_rules.hpp"
#include "apps/endpoint_probe.hpp"
#include "apps/process_figures.hpp"
#include "apps/relay_search.hpp"
#include "apps/serve_errc.hpp"
#include "apps/table_wish.hpp"
#include "apps/task_log.hpp"
#include "precheck/precheck.hpp"
#include "state/errc.hpp"
#include "state/object_selection.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

namespace understudy::apps {

namespace {

using api::refusal;
using state::lifecycle_event;

refusal as_refusal(const protocol::error& why) {
    const auto kind_of = [&why] {
        using enum refusal::kind;
        if (why.code == serve_errc::no_such_task) return not_found;
        if (why.code == serve_errc::task_exists || why.code == serve_errc::not_now ||
            why.code == serve_errc::limit_reached)
            return conflict;
        if (why.code == serve_errc::not_allowed) return not_allowed;
        if (why.code == state::errc::task_file_invalid ||
            why.code == state::errc::task_file_unreadable ||
            why.code == state::errc::selection_invalid)
            return invalid;
        if (why.code.category() == state::state_category() ||
            why.code.category() == serve_category())
            return internal;
        return failed;
    };
    return {kind_of(), why.what};
}

std::unexpected<refusal> refuse(const protocol::error& why) {
    return std::unexpected(as_refusal(why));
}

// By the time of the oldest file; the directory may come and go.
std::chrono::seconds relay_age(const std::filesystem::path& relay) {
    namespace fs = std::filesystem;
    std::error_code failure;
    std::optional<fs::file_time_type> oldest;
    for (fs::directory_iterator at(relay, failure), end; !failure && at != end;
         at.increment(failure)) {
        const auto written = at->last_write_time(failure);
        if (!failure && (!oldest || written < *oldest)) oldest = written;
    }
    if (!oldest) return std::chrono::seconds{0};
    const auto age = fs::file_time_type::clock::now() - *oldest;
    return std::max(std::chrono::duration_cast<std::chrono::seconds>(age), std::chrono::seconds{0});
}

api::outcome<std::string> check(const state::task_file& file,
                                const std::filesystem::path& data_dir) {
    const auto selection = state::object_selection::make(file.spec);
    if (!selection) return refuse(selection.error());
    precheck::context known;
    known.free_bytes = free_bytes(data_dir);
    return precheck::to_json(precheck::check_blocking(file.spec, *selection, known));
}

} // namespace

serve_service::serve_service(task_supervisor& supervisor, std::filesystem::path data_dir,
                             std::filesystem::path program)
    : supervisor_(supervisor), data_dir_(std::move(data_dir)), program_(std::move(program)) {}

api::task_view serve_service::view(supervised_task task) const {
    const auto age = relay_age(data_dir_ / task.name / "relay");
    return {.name = std::move(task.name),
            .record = std::move(task.record),
            .status = std::move(task.status),
            .source = std::move(task.source),
            .target = std::move(task.target),
            .running = task.running,
            .waiting = std::move(task.waiting),
            .relay_age = age};
}

std::vector<api::task_view> serve_service::tasks() {
    std::vector<api::task_view> views;
    for (auto& task : supervisor_.tasks())
        views.push_back(view(std::move(task)));
    return views;
}

api::outcome<api::task_view> serve_service::task(const std::string& name) {
    auto found = supervisor_.task(name);
    if (!found) return refuse(found.error());
    return view(*std::move(found));
}

api::process_view serve_service::process() {
    return read_process_figures();
}

api::outcome<std::string> serve_service::definition(const std::string& name) {
    const auto text = supervisor_.definition(name);
    if (!text) return refuse(text.error());
    auto object = api::to_object(*text);
    if (!object) return refuse(object.error());
    return boost::json::serialize(*object);
}

api::outcome<api::task_view> serve_service::create(const api::caller& who,
                                                   const api::given_definition& given) {
    const auto text = permitted_definition(who, given, data_dir_ / "credentials");
    if (!text) return refuse(text.error());
    auto made = supervisor_.create(*text, given.origin);
    if (!made) return refuse(made.error());
    return view(*std::move(made));
}

api::outcome<api::task_view> serve_service::modify(const api::caller& who, const std::string& name,
                                                   const api::given_definition& given) {
    api::given_definition complete = given;
    if (given.toml.empty()) {
        const auto before = supervisor_.definition(name);
        if (!before) return refuse(before.error());
        auto merged = api::with_passwords_of(given.object, *before);
        if (!merged) return refuse(merged.error());
        complete.object = *std::move(merged);
    }
    const auto text = permitted_definition(who, complete, data_dir_ / "credentials");
    if (!text) return refuse(text.error());
    auto made = supervisor_.modify(name, *text, given.origin);
    if (!made) return refuse(made.error());
    return view(*std::move(made));
}

api::outcome<api::task_view> serve_service::act(const std::string& name, api::verb what,
                                                const std::string& until) {
    const auto event = what == api::verb::start    ? lifecycle_event::start
                       : what == api::verb::pause  ? lifecycle_event::pause
                       : what == api::verb::resume ? lifecycle_event::resume
                                                   : lifecycle_event::stop;
    auto done = supervisor_.act(name, event, until);
    if (!done) return refuse(done.error());
    return view(*std::move(done));
}

api::outcome<std::string>
serve_service::quarantine(const std::string& name, const std::string& table, api::table_verb what) {
    const auto file = supervisor_.read(name);
    if (!file) return refuse(file.error());
    const auto said = wish(file->spec, what, table);
    if (!said) return refuse(said.error());
    return boost::json::serialize(boost::json::object{{"said", *said}});
}

api::outcome<void> serve_service::remove(const std::string& name, bool traces) {
    const auto done = supervisor_.remove(name, traces);
    if (!done) return refuse(done.error());
    return {};
}

api::outcome<std::string> serve_service::precheck(const std::string& name) {
    const auto file = supervisor_.read(name);
    if (!file) return refuse(file.error());
    return check(*file, data_dir_);
}

api::outcome<std::string> serve_service::precheck_definition(const api::caller& who,
                                                             const api::given_definition& given) {
    const auto text = permitted_definition(who, given, data_dir_ / "credentials");
    if (!text) return refuse(text.error());
    const auto file =
        state::read_task_text(*text, given.origin.empty() ? "task.toml" : given.origin);
    if (!file) return refuse(file.error());
    return check(*file, data_dir_);
}

namespace {

// An endpoint alone is no definition: it is read as both ends of one.
api::outcome<protocol::connect_options> read_endpoint(const api::caller& who,
                                                      const boost::json::object& endpoint,
                                                      const std::filesystem::path& credentials) {
    api::given_definition given;
    given.object = {{"name", "endpoint"},
                    {"source", endpoint},
                    {"target", {{"host", "-"}, {"user", "-"}, {"password", ""}}},
                    {"objects", {{"include", {"*"}}}}};
    const auto text = permitted_definition(who, given, credentials);
    if (!text) return refuse(text.error());
    auto file = state::read_task_text(*text, "endpoint");
    if (!file) return refuse(file.error());
    return std::move(file->spec.source);
}

} // namespace

api::outcome<std::string> serve_service::test_connection(const api::caller& who,
                                                         const boost::json::object& endpoint) {
    auto options = read_endpoint(who, endpoint, data_dir_ / "credentials");
    if (!options) return std::unexpected(options.error());
    return probe_connection(*std::move(options));
}

api::outcome<std::string> serve_service::objects(const api::caller& who,
                                                 const boost::json::object& endpoint) {
    auto options = read_endpoint(who, endpoint, data_dir_ / "credentials");
    if (!options) return std::unexpected(options.error());
    auto tree = list_objects(*std::move(options));
    if (!tree) return refuse(tree.error());
    return *std::move(tree);
}

api::outcome<std::string>
serve_service::relay_search(const std::string& name, const std::string& command,
                            const std::map<std::string, std::string>& arguments) {
    if (const auto found = supervisor_.task(name); !found) return refuse(found.error());
    const auto key_file = [&]() -> std::filesystem::path {
        const auto file = supervisor_.read(name);
        return file ? file->spec.relay.encryption.key_file : std::filesystem::path();
    };
    auto searched = search_relay({.program = program_,
                                  .task_directory = data_dir_ / name,
                                  .key_file = key_file(),
                                  .command = command,
                                  .arguments = arguments});
    if (searched) return *std::move(searched);
    return std::unexpected(searched.error());
}

api::outcome<std::string> serve_service::log(const std::string& name, std::size_t lines_max) {
    if (const auto found = supervisor_.task(name); !found) return refuse(found.error());
    auto lines = read_task_log(data_dir_ / name, lines_max);
    if (!lines) return refuse(lines.error());
    return *std::move(lines);
}

} // namespace understudy::apps
