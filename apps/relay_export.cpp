#include "apps/inspection/binlog_export.hpp"
#include "apps/relay_reading.hpp"
#include "apps/relay_show.hpp"
#include "relay/errc.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace understudy::apps {

using protocol::result;

namespace {

// Where an export goes: one file, standard output, or a file for each of the source's.
class export_files {
public:
    explicit export_files(std::string output) : output_(std::move(output)) {
        std::error_code failure;
        is_directory_ = std::filesystem::is_directory(output_, failure);
    }
    ~export_files() {
        if (file_ != nullptr && file_ != stdout) std::fclose(file_);
    }
    export_files(const export_files&) = delete;
    export_files& operator=(const export_files&) = delete;

    [[nodiscard]] bool is_one_file() const { return !is_directory_; }

    result<void> begin(const std::string& name) {
        if (auto done = close(); !done) return done;
        if (output_ == "-") {
            file_ = stdout;
            path_ = "standard output";
            return {};
        }
        // A name from the log must not lead out of the directory.
        const auto path =
            is_directory_ ? std::filesystem::path(output_) / std::filesystem::path(name).filename()
                          : std::filesystem::path(output_);
        path_ = path.string();
        file_ = std::fopen(path_.c_str(), "wbxe");
        return file_ != nullptr ? result<void>{} : failed("create");
    }
    result<void> write(std::span<const std::byte> bytes) {
        return std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size() ? result<void>{}
                                                                                 : failed("write");
    }
    result<void> close() {
        if (file_ == nullptr) return {};
        auto* const file = std::exchange(file_, nullptr);
        const bool good = file == stdout ? std::fflush(file) == 0 : std::fclose(file) == 0;
        return good ? result<void>{} : failed("write");
    }

private:
    [[nodiscard]] result<void> failed(const std::string& what) const {
        return protocol::fail(relay::errc::io_failed, "cannot " + what + " " + path_ + ": " +
                                                          std::generic_category().message(errno));
    }

    std::string output_;
    bool is_directory_ = false;
    std::string path_;
    std::FILE* file_ = nullptr;
};

} // namespace

result<void> export_binlog(const relay_command& what) {
    const auto filter = transactions_of(what);
    if (!filter) return std::unexpected(filter.error());
    if (what.output == "-" && ::isatty(STDOUT_FILENO) != 0)
        return bad_option("--output", "a binary log is not for a terminal; give a file");
    export_files files(what.output);
    binlog_export exporter(
        *filter, {.begin_file = [&](const std::string& name) { return files.begin(name); },
                  .write = [&](std::span<const std::byte> bytes) { return files.write(bytes); },
                  .one_file = files.is_one_file()});
    if (auto done = read_in_order(what, *filter, exporter); !done) return done;
    if (auto done = exporter.finish(); !done) return done;
    if (auto done = files.close(); !done) return done;
    fmt::print(stderr, "understudy: {} transactions exported\n", exporter.transactions());
    return {};
}

} // namespace understudy::apps
