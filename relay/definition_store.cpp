#include "relay/definition_store.hpp"

#include "relay/errc.hpp"

#include <algorithm>
#include <utility>

namespace understudy::relay {

namespace {

using protocol::fail;
using protocol::result;

constexpr std::string_view purpose = "understudy definitions";
constexpr std::string_view unfinished = "definitions.tmp";

result<bool> is_there(directory& where) {
    const auto names = where.names();
    if (!names) return std::unexpected(names.error());
    return std::ranges::find(*names, definitions_name) != names->end();
}

} // namespace

std::string definition_store::path() const {
    return where_->path_of(std::string(definitions_name));
}

result<std::unique_ptr<definition_store>> definition_store::open(std::shared_ptr<directory> where,
                                                                 const protocol::uuid& source,
                                                                 key_ring keys) {
    std::unique_ptr<definition_store> opened(
        new definition_store(std::move(where), source, std::move(keys)));
    if (auto done = opened->where_->remove(std::string(unfinished)); !done) {
        return std::unexpected(done.error());
    }
    const auto there = is_there(*opened->where_);
    if (!there) return std::unexpected(there.error());
    if (*there) {
        if (auto done = opened->load(); !done) return std::unexpected(std::move(done.error()));
    }
    return opened;
}

result<void> definition_store::load() {
    auto file = where_->open_for_writing(std::string(definitions_name));
    if (!file) return std::unexpected(file.error());
    auto scan = scan_definitions(**file, path(), keys_);
    if (!scan) {
        if (scan.error().code == errc::corrupt) {
            scan.error().what += ". Move the file away: definitions are learned anew from the "
                                 "target, older events may then not be readable by name";
        }
        return std::unexpected(std::move(scan.error()));
    }
    if (scan->header.source != source_) {
        return fail(errc::wrong_source, path() + ": these are definitions of source " +
                                            scan->header.source.to_string() + ", not of " +
                                            source_.to_string());
    }
    const auto size = (*file)->size();
    if (!size) return std::unexpected(size.error());
    if (*size != scan->end) {
        if (auto cut = (*file)->truncate(scan->end); !cut) return cut;
        if (auto done = (*file)->sync(); !done) return done;
    }
    file_ = std::move(*file);
    cipher_ = std::move(scan->cipher);
    index_ = std::move(scan->index);
    end_ = scan->end;
    next_number_ = scan->next_number;

    const auto* newest = keys_.newest();
    const bool as_wanted =
        newest == nullptr ? !cipher_.has_value() : cipher_ && cipher_->what().key_id == newest->id;
    if (as_wanted) return {};
    auto done = write_anew(index_.all());
    // The old key does as long as there is no room for another file.
    if (!done && done.error().code == errc::disk_full) return {};
    return done;
}

// Under another name first, so that the old file is there until the new one is whole.
result<void> definition_store::write_anew(const std::vector<definition_index::entry>& kept) {
    definitions_header header;
    header.source = source_;
    std::optional<file_cipher> cipher;
    if (!keys_.empty()) {
        cipher = file_cipher::begin(keys_, purpose);
        header.encryption = cipher->what();
    }
    auto created = where_->create(std::string(unfinished));
    if (!created) return std::unexpected(created.error());
    auto bytes = encode_definitions_header(header);
    auto done = (*created)->append(bytes);
    std::uint64_t end = bytes.size();
    std::uint64_t number = 1;
    definition_index index;
    for (const auto& entry : kept) {
        if (!done) return done;
        const auto record = read_definition(*file_, path(), entry, this->cipher());
        if (!record) return std::unexpected(record.error());
        bytes = encode_record(*record, number, cipher ? &*cipher : nullptr);
        done = (*created)->append(bytes);
        index.add(*record, {{}, number, end, static_cast<std::uint32_t>(bytes.size()), 0, false});
        end += bytes.size();
        ++number;
    }
    if (done) done = (*created)->sync();
    if (done) done = where_->rename(std::string(unfinished), std::string(definitions_name));
    if (done) done = where_->sync();
    if (!done) return done;
    file_ = std::move(*created);
    cipher_ = std::move(cipher);
    index_ = std::move(index);
    end_ = end;
    next_number_ = number;
    return {};
}

result<void> definition_store::append(const definition_record& record) {
    if (!file_) {
        if (auto made = write_anew({}); !made) return made;
    }
    const auto bytes = encode_record(record, next_number_, cipher());
    auto done = file_->append(bytes);
    if (done) done = file_->sync();
    if (!done) {
        // What was written of it must not stand before the next record.
        if (auto cut = file_->truncate(end_); !cut) {
            return fail(errc::io_failed, done.error().what + "; and then: " + cut.error().what);
        }
        return done;
    }
    index_.add(record,
               {{}, next_number_, end_, static_cast<std::uint32_t>(bytes.size()), 0, false});
    end_ += bytes.size();
    ++next_number_;
    return {};
}

result<void> definition_store::note(const definition_record& record) {
    const std::scoped_lock lock(mutex_);
    const auto* known = index_.in_force({record.what.database, record.what.table}, record.from);
    if (known == nullptr && record.dropped) return {};
    if (known != nullptr && known->content == content_hash(record)) return {};
    return append(record);
}

result<std::optional<definition_record>>
definition_store::find(const std::string& database, const std::string& table,
                       const protocol::binlog_position& position) {
    const std::scoped_lock lock(mutex_);
    const auto* entry = index_.in_force({database, table}, position);
    if (entry == nullptr) return std::nullopt;
    return read_definition(*file_, path(), *entry, cipher());
}

std::vector<definition_index::table_name>
definition_store::tables(const protocol::binlog_position& position) const {
    const std::scoped_lock lock(mutex_);
    return index_.tables(position);
}

result<void> definition_store::forget_before(const protocol::binlog_position& begin) {
    const std::scoped_lock lock(mutex_);
    const auto needed = index_.needed_from(begin);
    if (!file_ || index_.size() - needed.size() <= needed.size()) return {};
    return write_anew(needed);
}

result<definition_history> definition_history::open(directory& where, const key_ring& keys) {
    definition_history history;
    history.path_ = where.path_of(std::string(definitions_name));
    const auto there = is_there(where);
    if (!there) return std::unexpected(there.error());
    if (!*there) return history;
    auto file = where.open_for_reading(std::string(definitions_name));
    if (!file) return std::unexpected(file.error());
    auto scan = scan_definitions(**file, history.path_, keys);
    if (!scan) return std::unexpected(std::move(scan.error()));
    history.file_ = std::move(*file);
    history.cipher_ = std::move(scan->cipher);
    history.index_ = std::move(scan->index);
    return history;
}

result<std::optional<definition_record>>
definition_history::find(const std::string& database, const std::string& table,
                         const protocol::binlog_position& position) {
    const auto* entry = index_.in_force({database, table}, position);
    if (entry == nullptr) return std::nullopt;
    return read_definition(*file_, path_, *entry, cipher_ ? &*cipher_ : nullptr);
}

result<std::vector<definition_record>> definition_history::all() {
    std::vector<definition_record> found;
    for (const auto& entry : index_.all()) {
        auto record = read_definition(*file_, path_, entry, cipher_ ? &*cipher_ : nullptr);
        if (!record) return std::unexpected(std::move(record.error()));
        found.push_back(std::move(*record));
    }
    return found;
}

} // namespace understudy::relay
