#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <string>

namespace understudy::api {

// A bucket of tokens for each peer: `burst` at once, `per_second` in the long run. Remembers a
// bounded number of peers. Pure: the time is an argument. One thread.
class rate_limiter {
public:
    using time_point = std::chrono::steady_clock::time_point;

    rate_limiter(double per_second, double burst, std::size_t peers_max = 10'000)
        : per_second_(per_second), burst_(burst), peers_max_(peers_max) {}

    [[nodiscard]] bool allow(const std::string& peer, time_point now) {
        auto found = buckets_.find(peer);
        if (found == buckets_.end()) {
            if (buckets_.size() >= peers_max_) forget_full(now);
            // More peers at the same time than we want to remember: those are strangers.
            if (buckets_.size() >= peers_max_) return false;
            found = buckets_.emplace(peer, bucket{burst_, now}).first;
        }
        bucket& one = found->second;
        one.tokens = tokens_at(one, now);
        one.at = now;
        if (one.tokens < 1) return false;
        one.tokens -= 1;
        return true;
    }

private:
    struct bucket {
        double tokens = 0;
        time_point at;
    };

    [[nodiscard]] double tokens_at(const bucket& one, time_point now) const {
        const double passed = std::chrono::duration<double>(now - one.at).count();
        return std::min(burst_, one.tokens + passed * per_second_);
    }

    void forget_full(time_point now) {
        std::erase_if(buckets_,
                      [&](const auto& entry) { return tokens_at(entry.second, now) >= burst_; });
    }

    double per_second_;
    double burst_;
    std::size_t peers_max_;
    std::map<std::string, bucket> buckets_;
};

} // namespace understudy::api
