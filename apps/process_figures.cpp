#include "apps/process_figures.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/resource.h>
#include <sys/time.h>
#include <system_error>

namespace understudy::apps {

namespace {

// "VmRSS:     1234 kB", "Threads: 8"
std::uint64_t field_of(const std::string& line) {
    const auto digits = line.find_first_of("0123456789");
    return digits == std::string::npos ? 0 : std::stoull(line.substr(digits));
}

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// Made before main begins.
const auto started = std::chrono::system_clock::now();

} // namespace

api::process_view read_process_figures() {
    api::process_view view;
    view.started = started;
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmRSS:")) view.resident_bytes = field_of(line) << 10U;
        if (line.starts_with("VmSize:")) view.virtual_bytes = field_of(line) << 10U;
        if (line.starts_with("Threads:")) view.threads = field_of(line);
    }
    std::error_code failure;
    for (std::filesystem::directory_iterator at("/proc/self/fd", failure), end;
         !failure && at != end; at.increment(failure))
        ++view.descriptors;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) view.descriptors_max = limit.rlim_cur;
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) == 0)
        view.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    return view;
}

} // namespace understudy::apps
