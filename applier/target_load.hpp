#pragma once

#include "applier/target_session.hpp"
#include "protocol/session/connect_options.hpp"
#include "state/task_spec.hpp"

#include <memory>
#include <string>
#include <vector>

namespace understudy::applier {

// Asks the target and its replicas how much they bear (apply.throttle), over sessions of its own,
// with the target's account. Blocking; one thread at a time.
class target_load {
public:
    explicit target_load(const state::task_spec& task);

    // Any limit to look after.
    [[nodiscard]] bool is_wanted() const;
    // Why the applier has to wait, for a person to read; empty: it need not. A server that cannot
    // be asked, or a replica that does not replicate, is a reason too.
    [[nodiscard]] std::string reason_to_wait();

private:
    struct replica {
        protocol::connect_options options;
        std::unique_ptr<target_session> session;
    };
    [[nodiscard]] std::string ask_target();
    [[nodiscard]] std::string ask_replica(replica& one) const;

    const state::task_spec& task_;
    std::unique_ptr<target_session> target_;
    std::vector<replica> replicas_;
};

} // namespace understudy::applier
