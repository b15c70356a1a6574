#pragma once

#include <functional>
#include <list>

namespace understudy::snapshot {

// One stop path for everything the copy has under way: connections are cancelled, target sessions
// interrupted, timers woken. On the executor's thread only; outlives all registrations.
class stop_signal {
public:
    class registration {
    public:
        registration() = default;
        registration(stop_signal& signal, std::function<void()> hook);
        registration(registration&& other) noexcept;
        registration& operator=(registration&& other) noexcept;
        ~registration();

    private:
        void forget() noexcept;

        stop_signal* signal_ = nullptr;
        std::list<std::function<void()>>::iterator place_;
    };

    [[nodiscard]] bool stopped() const { return stopped_; }
    void stop();
    // `hook` runs at stop(), or now if that was before. It must not register or unregister.
    [[nodiscard]] registration on_stop(std::function<void()> hook);

private:
    bool stopped_ = false;
    std::list<std::function<void()>> hooks_;
};

} // namespace understudy::snapshot
