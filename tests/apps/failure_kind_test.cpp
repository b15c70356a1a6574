#include "apps/failure_kind.hpp"

#include "applier/errc.hpp"
#include "apps/serve_errc.hpp"
#include "protocol/errc.hpp"
#include "relay/errc.hpp"
#include "snapshot/errc.hpp"
#include "state/errc.hpp"

#include <gtest/gtest.h>

#include <set>

namespace understudy::apps {

namespace {

template<class Errc>
void expect_passing(int last, const std::set<Errc>& passing) {
    for (int value = 1; value <= last; ++value) {
        const auto code = static_cast<Errc>(value);
        const auto kind = kind_of_failure({make_error_code(code), "", {}});
        EXPECT_EQ(kind == failure_kind::passing, passing.contains(code))
            << make_error_code(code).message();
    }
}

} // namespace

// Every code there is: one that is added later needs a person until somebody decides otherwise.
TEST(failure_kind, of_each_error_of_each_room) {
    using namespace protocol;
    expect_passing<protocol::errc>(static_cast<int>(protocol::errc::cancelled),
                                   {protocol::errc::connect_failed, protocol::errc::connection_lost,
                                    protocol::errc::timed_out});
    expect_passing<relay::errc>(static_cast<int>(relay::errc::bad_key), {relay::errc::disk_full});
    expect_passing<applier::errc>(static_cast<int>(applier::errc::cancelled),
                                  {applier::errc::connect_failed, applier::errc::connection_lost,
                                   applier::errc::transient, applier::errc::selection_changed,
                                   applier::errc::disk_full});
    expect_passing<snapshot::errc>(
        static_cast<int>(snapshot::errc::cancelled),
        {snapshot::errc::source_read_failed, snapshot::errc::lock_not_granted});
    expect_passing<state::errc>(static_cast<int>(state::errc::damaged), {state::errc::io_failed});
    expect_passing<serve_errc>(static_cast<int>(serve_errc::daemon_failed), {});
}

TEST(failure_kind, of_a_server_goes_by_its_number) {
    const auto kind_of = [](unsigned number) {
        protocol::error why{make_error_code(protocol::errc::server_error), "", {}};
        why.server.number = static_cast<decltype(why.server.number)>(number);
        return kind_of_failure(why);
    };
    EXPECT_EQ(kind_of(1205), failure_kind::passing) << "lock wait timeout";
    EXPECT_EQ(kind_of(1053), failure_kind::passing) << "the server shuts down";
    EXPECT_EQ(kind_of(1146), failure_kind::person) << "no such table";
    EXPECT_EQ(kind_of(65'000), failure_kind::person) << "nobody knows";
}

} // namespace understudy::apps
