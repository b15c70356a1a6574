#pragma once

#include "protocol/result.hpp"
#include "state/task_file.hpp"
#include "state/task_record.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::state {

// The tasks of a daemon in its data directory, durable: what is saved is what a process after a
// crash or a reboot finds.
//   DATA-DIR/<task>/lifecycle.json   task_record
//   DATA-DIR/<task>/task.toml        the definition, as it was given; it may hold passwords (0600)
// One thread at a time for one task.
class task_store {
public:
    explicit task_store(std::filesystem::path data_dir);

    [[nodiscard]] const std::filesystem::path& data_dir() const { return data_dir_; }
    // The names of all tasks that have a record, in order.
    [[nodiscard]] protocol::result<std::vector<std::string>> names() const;
    [[nodiscard]] bool has(const std::string& name) const;

    // The definition first: a record without one never exists.
    [[nodiscard]] protocol::result<void>
    create(const std::string& name, std::string_view definition, const task_record& record);
    [[nodiscard]] protocol::result<task_record> load(const std::string& name) const;
    [[nodiscard]] protocol::result<void> save(const std::string& name, const task_record& record);

    [[nodiscard]] protocol::result<std::string> definition(const std::string& name) const;
    [[nodiscard]] protocol::result<void> replace_definition(const std::string& name,
                                                            std::string_view definition);
    // The definition read: files and variables it names are looked at anew.
    [[nodiscard]] protocol::result<task_file> read(const std::string& name,
                                                   const task_record& record) const;

    // The record goes first, so that a crash in between leaves no task behind, only files.
    [[nodiscard]] protocol::result<void> remove(const std::string& name);

    [[nodiscard]] std::filesystem::path directory(const std::string& name) const {
        return data_dir_ / name;
    }

private:
    [[nodiscard]] std::filesystem::path record_path(const std::string& name) const;
    [[nodiscard]] std::filesystem::path definition_path(const std::string& name) const;

    std::filesystem::path data_dir_;
};

} // namespace understudy::state
