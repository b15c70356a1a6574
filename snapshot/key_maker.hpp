#pragma once

#include "protocol/result.hpp"
#include "snapshot/copy_context.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <deque>
#include <string>

namespace understudy::snapshot {

// Makes the keys that come behind the rows (index_stage.hpp), table by table, while the rows of
// other tables are still copied: an ALTER that adds a key waits for the disk more than it computes.
// Of one copy_in_chunks, and ends with it; on the executor.
class key_maker {
public:
    // `failed` is shared with the lanes: when one gives up, so do the others.
    key_maker(copy_context& context, bool& failed);

    // All rows of the table are there.
    void add(const source_table& table);
    // No more tables come.
    void close();
    // For whoever sets `failed`.
    void wake();
    // Why the lanes give up, to be seen while keys that are being made hold up the end.
    void say_why(const std::string& what) const;

    // Until it is closed and all keys are there. Several of them may run side by side, each on a
    // session of its own.
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> run();

private:
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> make_keys();
    void give_up();

    copy_context* context_;
    bool* failed_;
    std::deque<const source_table*> waiting_;
    bool closed_ = false;
    std::size_t making_ = 0;
    boost::asio::steady_timer changed_;
    stop_signal::registration stop_hook_;
};

} // namespace understudy::snapshot
