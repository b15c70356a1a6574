#include "tests/support/background_writer.hpp"

#include <utility>

namespace understudy::test {

background_writer::background_writer(const live_server& server, std::chrono::milliseconds pause,
                                     step what)
    : thread_([this, sql = server.root(), pause, what = std::move(what)]() mutable {
          for (int i = 0; !stop_; ++i) {
              what(sql, i);
              std::this_thread::sleep_for(pause);
          }
      }) {}

background_writer::~background_writer() {
    stop_ = true;
    thread_.join();
}

} // namespace understudy::test
