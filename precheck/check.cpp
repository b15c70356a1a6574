#include "precheck/precheck.hpp"

#include "applier/checkpoint_store.hpp"
#include "applier/errc.hpp"
#include "applier/target_session.hpp"
#include "precheck/items.hpp"
#include "precheck/source_probe.hpp"
#include "precheck/target_probe.hpp"
#include "precheck/waivers.hpp"
#include "protocol/errc.hpp"
#include "protocol/net/on_thread.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <iterator>
#include <utility>

namespace understudy::precheck {

namespace {

using boost::asio::awaitable;

// What helps depends on the step that failed; the error's sentence has named it.
[[nodiscard]] std::string remedy(const protocol::error& error, std::string_view side) {
    const std::string section = "[" + std::string(side) + "] ";
    if (error.code == make_error_code(protocol::errc::access_denied) ||
        error.code == make_error_code(applier::errc::access_denied)) {
        return "Check " + section +
               "user and password, and that the account may come from this "
               "host: SELECT user, host, plugin FROM mysql.user;";
    }
    if (error.code == make_error_code(protocol::errc::tls_not_offered)) {
        return "Set up TLS on the server, or " + section + "tls.mode = \"preferred\"";
    }
    if (error.code == make_error_code(protocol::errc::tls_failed)) {
        return "Check " + section + "tls.ca, and that host is a name in the server's certificate.";
    }
    if (error.code == make_error_code(protocol::errc::plugin_unsupported)) {
        return "ALTER USER … IDENTIFIED WITH caching_sha2_password BY '…'; (MariaDB: IDENTIFIED "
               "VIA "
               "ed25519 USING PASSWORD('…'))";
    }
    if (error.code == make_error_code(protocol::errc::password_exposed)) {
        return "Set " + section +
               "tls.mode = \"verify-identity\" and tls.ca, or use an account with another plugin.";
    }
    return "Check " + section +
           "host and port, that the server runs and listens there "
           "(bind_address), and firewalls in between.";
}

[[nodiscard]] item not_reached(std::string_view side, const protocol::connect_options& options,
                               const protocol::error& error) {
    return {std::string(side) + ".sign_in",
            severity::blocking,
            outcome::failed,
            "sign in to " + options.to_string(),
            error.what,
            "without it nothing can be done",
            remedy(error, side)};
}

[[nodiscard]] item reached(std::string_view side, const protocol::connect_options& options) {
    return pass(std::string(side) + ".sign_in", severity::blocking,
                "sign in to " + options.to_string(), "yes");
}

// TLS warnings are items of their own here.
void ignore_warning(const std::string& /*text*/) {}

// Looks at the source; nothing when it cannot be reached.
[[nodiscard]] awaitable<std::optional<source_seen>>
visit_source(boost::asio::any_io_executor executor, const state::task_spec& spec,
             state::object_selection& selection, report& result) {
    auto source = co_await protocol::net::connection::open(executor, spec.source, ignore_warning);
    if (!source) {
        result.items.push_back(not_reached("source", spec.source, source.error()));
        result.source.lost = source.error().code != protocol::errc::access_denied;
        co_return std::nullopt;
    }
    result.items.push_back(reached("source", spec.source));
    result.source.reached = true;
    source_seen seen = co_await look_at_source(**source, spec, selection);
    // A connection that broke while we looked makes items fail that have nothing wrong with them.
    if (const auto alive = co_await (*source)->execute("DO 0"); !alive) result.source.lost = true;
    co_await (*source)->close();
    co_return seen;
}

[[nodiscard]] awaitable<std::optional<target_seen>> visit_target(boost::asio::thread_pool& pool,
                                                                 const state::task_spec& spec,
                                                                 const source_seen& source,
                                                                 report& result) {
    report::side& side = result.target;
    auto seen = co_await protocol::net::on_thread(pool, [&]() -> protocol::result<target_seen> {
        auto target = applier::target_session::connect(spec.target, ignore_warning);
        if (!target) return std::unexpected(std::move(target.error()));
        side.reached = true;
        auto found = look_at_target(**target, spec, source);
        side.lost = (*target)->broken();
        return found;
    });
    if (!seen) {
        result.items.push_back(not_reached("target", spec.target, seen.error()));
        if (seen.error().code != applier::errc::access_denied) side.lost = true;
        co_return std::nullopt;
    }
    result.items.push_back(reached("target", spec.target));
    co_return *std::move(seen);
}

void append(report& all, std::vector<item> more) {
    std::ranges::move(more, std::back_inserter(all.items));
}

// Where the task stands, from its checkpoint, if there is one. Whoever cannot be asked has none:
// the check itself will say why.
[[nodiscard]] context learn_context(const state::task_spec& spec, context known) {
    auto target = applier::target_session::connect(spec.target, ignore_warning);
    if (!target) return known;
    const applier::checkpoint_store store(spec.apply.meta_database, spec.name);
    const auto found = store.load(**target);
    if (!found || !found->has_value()) return known;
    known.first_start = false;
    known.start = (*found)->applied;
    if (!(*found)->by_gtid) known.start->executed = {};
    known.source_uuid = (*found)->source_uuid;
    return known;
}

} // namespace

awaitable<report> check(boost::asio::any_io_executor executor, boost::asio::thread_pool& pool,
                        state::task_spec spec, const state::object_selection& objects,
                        context known) {
    report result;
    state::object_selection selection = objects; // learns how the source compares names
    if (known.first_start && !known.start) known.start = spec.adopted;
    const auto source = co_await visit_source(executor, spec, selection, result);
    const source_seen nothing;
    const subject about{spec, selection, known, source ? *source : nothing};
    if (source) append(result, source_items(about));
    if (source) result.upstream = upstream_of(about);
    const auto target = co_await visit_target(pool, spec, about.source, result);
    if (!source) {
        result.items.push_back(skip("target.objects", severity::blocking, "what is on the target",
                                    "the source could not be reached"));
    } else if (target) {
        append(result, target_items(about, *target));
    }
    if (source) append(result, disk_items(about));
    apply_waivers(result, spec.waived);
    co_return result;
}

report check_blocking(const state::task_spec& spec, const state::object_selection& selection,
                      context known) {
    boost::asio::io_context loop(1);
    boost::asio::thread_pool pool(1);
    report result;
    std::exception_ptr broken;
    boost::asio::co_spawn(
        loop,
        check(loop.get_executor(), pool, spec, selection, learn_context(spec, std::move(known))),
        [&](std::exception_ptr thrown, report made) {
            broken = std::move(thrown);
            result = std::move(made);
        });
    loop.run();
    pool.join();
    if (broken) std::rethrow_exception(broken);
    return result;
}

} // namespace understudy::precheck
