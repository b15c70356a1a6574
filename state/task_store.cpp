#include "state/task_store.hpp"

#include "protocol/assert.hpp"
#include "state/durable_file.hpp"
#include "state/errc.hpp"
#include "state/task_name.hpp"

#include <algorithm>
#include <sys/stat.h>
#include <system_error>
#include <utility>

namespace understudy::state {

task_store::task_store(std::filesystem::path data_dir) : data_dir_(std::move(data_dir)) {}

std::filesystem::path task_store::record_path(const std::string& name) const {
    return data_dir_ / name / "lifecycle.json";
}

std::filesystem::path task_store::definition_path(const std::string& name) const {
    return data_dir_ / name / "task.toml";
}

protocol::result<std::vector<std::string>> task_store::names() const {
    std::vector<std::string> found;
    std::error_code failure;
    for (std::filesystem::directory_iterator at(data_dir_, failure), end; !failure && at != end;
         at.increment(failure)) {
        const std::string name = at->path().filename().string();
        if (is_task_name(name) && has(name)) found.push_back(name);
    }
    if (failure) return file_error(data_dir_, failure);
    std::ranges::sort(found);
    return found;
}

bool task_store::has(const std::string& name) const {
    std::error_code failure;
    return is_task_name(name) && std::filesystem::exists(record_path(name), failure);
}

protocol::result<void> task_store::create(const std::string& name, std::string_view definition,
                                          const task_record& record) {
    UNDERSTUDY_ASSERT(is_task_name(name));
    std::error_code failure;
    std::filesystem::create_directories(data_dir_, failure);
    if (failure) return file_error(data_dir_, failure);
    const auto path = directory(name);
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        const int number = errno;
        return protocol::fail(errc::io_failed,
                              path.string() + ": " + std::generic_category().message(number));
    }
    if (auto written = replace_definition(name, definition); !written) return written;
    return save(name, record);
}

protocol::result<task_record> task_store::load(const std::string& name) const {
    const auto text = read_whole(record_path(name));
    if (!text) return std::unexpected(text.error());
    auto record = parse_task_record(*text);
    if (!record)
        return protocol::fail(errc::damaged,
                              record_path(name).string() + ": " + record.error().what);
    return record;
}

protocol::result<void> task_store::save(const std::string& name, const task_record& record) {
    return write_durably(record_path(name), to_json(record) + "\n");
}

protocol::result<std::string> task_store::definition(const std::string& name) const {
    return read_whole(definition_path(name));
}

protocol::result<void> task_store::replace_definition(const std::string& name,
                                                      std::string_view definition) {
    return write_durably(definition_path(name), definition);
}

protocol::result<task_file> task_store::read(const std::string& name,
                                             const task_record& record) const {
    const auto text = definition(name);
    if (!text) return std::unexpected(text.error());
    return read_task_text(*text, record.origin.empty() ? definition_path(name)
                                                       : std::filesystem::path(record.origin));
}

protocol::result<void> task_store::remove(const std::string& name) {
    UNDERSTUDY_ASSERT(is_task_name(name));
    std::error_code failure;
    std::filesystem::remove(record_path(name), failure);
    if (!failure) std::filesystem::remove_all(directory(name), failure);
    if (failure)
        return protocol::fail(errc::io_failed, directory(name).string() + ": " + failure.message());
    return {};
}

} // namespace understudy::state
