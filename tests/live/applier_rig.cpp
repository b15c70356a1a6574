#include "tests/live/applier_rig.hpp"

#include "applier/checkpoint_store.hpp"
#include "applier/quarantine_store.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <fmt/format.h>

#include <atomic>
#include <stdexcept>
#include <thread>

namespace understudy::test {

namespace asio = boost::asio;

namespace {

template<class T>
T value_of(protocol::result<T> result) {
    if (!result) throw std::runtime_error(result.error().what);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

protocol::connect_options endpoint(const live_server& server, const std::string& user) {
    protocol::connect_options options;
    options.host = "127.0.0.1";
    options.port = server.port();
    options.user = user;
    options.password = protocol::secret("p");
    options.tls.mode = protocol::tls_mode::preferred;
    return options;
}

} // namespace

applier_rig::applier_rig(rig_options options)
    : options_(std::move(options)), directory_("rig"), board_("rig") {
    servers_ = live_server::start_all(
        {{options_.source_kind, {.extra_args = options_.source_args, .gtid = options_.source_gtid}},
         {server_kind::mysql_97,
          {.extra_args = options_.target_args, .gtid = options_.target_gtid}}});
    reconnect();
    make_accounts();
    spec_.name = "rig";
    spec_.source = endpoint(servers_[0], "repl");
    spec_.target = endpoint(servers_[1], "apply");
    spec_.objects.include = options_.include;
    spec_.objects.rename = options_.rename;
    spec_.apply.group_bytes_max = options_.group_bytes_max;
    spec_.apply.how = options_.writer;
    spec_.apply.triggers = options_.triggers;
    if (options_.adjust) options_.adjust(spec_);
    selection_ = value_of(state::object_selection::make(spec_));
}

applier_rig::~applier_rig() = default;

void applier_rig::reconnect() {
    source_sql_.emplace(servers_[0].root());
    target_sql_.emplace(servers_[1].root());
}

void applier_rig::make_accounts() {
    source().exec("CREATE USER repl@'%' IDENTIFIED BY 'p'; GRANT ALL ON *.* TO repl@'%'");
    target().exec("CREATE USER apply@'%' IDENTIFIED BY 'p'; GRANT " + options_.target_privileges +
                  " TO apply@'%'");
}

void applier_rig::exec_both(std::string_view sql) {
    source().exec(sql);
    target().exec(sql);
}

state::source_position applier_rig::source_position() {
    const bool old = options_.source_kind == server_kind::mysql_56;
    const auto rows = source().query(old ? "SHOW MASTER STATUS" : "SHOW BINARY LOG STATUS");
    state::source_position position;
    position.binlog = {rows.at(0).at(0).value(), std::stoull(rows.at(0).at(1).value())};
    if (options_.source_gtid) {
        position.executed = value_of(protocol::gtid_set::parse(rows.at(0).at(4).value()));
    }
    return position;
}

std::unique_ptr<applier::target_session> applier_rig::connect() {
    return value_of(applier::target_session::connect(spec_.target, {}));
}

void applier_rig::begin() {
    auto session = connect();
    const applier::checkpoint_store store(spec_.apply.meta_database, spec_.name);
    value_of(store.prepare(*session));
    applier::checkpoint start;
    start.now = applier::checkpoint::stage::streaming;
    start.source_uuid = value_of(protocol::uuid::parse(source().scalar("SELECT @@server_uuid")));
    start.by_gtid = options_.source_gtid;
    start.applied = source_position();
    value_of(store.create(*session, start));
    relay::log_options options;
    options.directory = directory_.path() / "relay";
    options.source_uuid = start.source_uuid;
    relay_ = value_of(relay::log::open(options));
    value_of(relay_->reset(start.applied));
}

void applier_rig::end_copy(std::set<state::object_name> copied,
                           std::map<state::object_name, state::source_position> start_after) {
    copied_ = std::move(copied);
    start_after_ = std::move(start_after);
    auto session = connect();
    const applier::checkpoint_store store(spec_.apply.meta_database, spec_.name);
    const auto epoch = value_of(store.take_over(*session));
    value_of(store.finish_copy(*session, source_position().binlog, epoch));
}

void applier_rig::set_aside(const state::object_name& table) {
    const applier::quarantine_store store(spec_.apply.meta_database, spec_.name);
    if (!value_of(store.ask(*connect(), table))) throw std::runtime_error("is set aside");
}

void applier_rig::resume(const state::object_name& table) {
    const applier::quarantine_store store(spec_.apply.meta_database, spec_.name);
    if (!value_of(store.resume(*connect(), table))) throw std::runtime_error("is not set aside");
}

struct applier_rig::run_state {
    asio::io_context context;
    asio::thread_pool pool{2};
    std::exception_ptr thrown;
    std::string error;
    bool receiver_ended = false;
    bool applier_ended = false;
};

std::string applier_rig::catch_up(std::chrono::seconds timeout) {
    const state::source_position wanted = source_position();
    applier::applier_options options;
    {
        auto session = connect();
        const applier::checkpoint_store store(spec_.apply.meta_database, spec_.name);
        const std::uint64_t epoch = value_of(store.take_over(*session));
        options.from = value_of(store.load(*session)).value();
        options.from.epoch = epoch;
    }
    options.task = spec_;
    options.source_version = options_.source_kind == server_kind::mysql_56 ? 50624 : 90704;
    options.copied = copied_;
    options.start_after = start_after_;
    options.on_step = on_step;

    run_state run;
    relay::receiver_options receiving;
    receiving.source = spec_.source;
    receiving.server_id = 4242;
    receiving.server_uuid = value_of(protocol::uuid::parse("11111111-2222-3333-4444-555555555555"));
    receiving.by_gtid = options_.source_gtid;
    relay::receiver receiver(run.context.get_executor(), *relay_, receiving, board_);
    applier::applier applier(run.context.get_executor(), run.pool, *relay_, options, *selection_,
                             board_);
    asio::co_spawn(run.context, receiver.run(),
                   [&](std::exception_ptr thrown, protocol::result<void> ended) {
                       run.receiver_ended = true;
                       if (thrown) run.thrown = thrown;
                       if (!thrown && !ended) run.error = "receiver: " + ended.error().what;
                   });
    asio::co_spawn(run.context, applier.run(),
                   [&](std::exception_ptr thrown, protocol::result<void> ended) {
                       run.applier_ended = true;
                       if (thrown) run.thrown = thrown;
                       if (!thrown && !ended) {
                           run.error = ended.error().code.message() + ": " + ended.error().what;
                       }
                   });
    const auto reached = [&] {
        if (!applier.needed() || applier.is_catching_up()) return false;
        const auto applied = applier.applied();
        return options_.source_gtid ? applied.executed.contains(wanted.executed)
                                    : !(applied.binlog < wanted.binlog);
    };
    const auto until = std::chrono::steady_clock::now() + timeout;
    bool timed_out = false;
    while (!run.receiver_ended && !run.applier_ended && !reached() && !timed_out) {
        run.context.run_for(std::chrono::milliseconds(20));
        if (meanwhile) meanwhile();
        timed_out = std::chrono::steady_clock::now() > until;
    }
    applier.stop();
    receiver.stop();
    while (!run.receiver_ended || !run.applier_ended)
        run.context.run_for(std::chrono::milliseconds(20));
    run.pool.join();
    if (run.thrown) std::rethrow_exception(run.thrown);
    if (run.error.empty() && timed_out)
        return "not caught up in time: " + board_.read().applier_note;
    return run.error;
}

std::vector<std::string> applier_rig::differences(const comparison_options& what) {
    return compare(source(), target(), {.include = options_.include}, what);
}

} // namespace understudy::test
