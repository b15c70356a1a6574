#include "tests/support/ddl_corpus.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace understudy::test {

namespace {

const std::filesystem::path directory = UNDERSTUDY_DDL_CORPUS;

std::string without_end(std::string text) {
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
        text.pop_back();
    return text;
}

// Reads one file line by line; `now` is the statement under way.
class corpus_reader {
public:
    explicit corpus_reader(std::string file) : file_(std::move(file)) {}

    void take(const std::string& line) {
        ++number_;
        const std::string text = without_end(line);
        if (text.starts_with("--! ")) {
            std::istringstream words(text.substr(4));
            take_directive(words);
        } else if (text.starts_with("DELIMITER ")) {
            delimiter_ = text.substr(10);
        } else {
            take_text(text);
        }
    }
    std::vector<corpus_statement> made;

private:
    void take_directive(std::istringstream& words) {
        std::string what;
        std::string argument;
        words >> what >> argument;
        using outcome = corpus_statement::outcome;
        if (what == "skip") {
            now_.expected = outcome::skipped;
        } else if (what == "refuse") {
            now_.expected = outcome::refused;
        } else if (what == "stop") {
            now_.expected = outcome::stopped;
        } else if (what == "not") {
            now_.not_for.push_back(argument);
        } else if (what == "read") {
            now_.is_executable = false;
        } else if (what == "mode") {
            now_.sql_mode = argument;
            now_.has_mode = true;
        } else if (what == "database") {
            now_.database = argument;
        } else {
            throw std::runtime_error(file_ + ": what is " + what + "?");
        }
    }

    void take_text(const std::string& text) {
        if (now_.text.empty() && text.empty()) return;
        if (now_.text.empty()) now_.place = file_ + ":" + std::to_string(number_);
        now_.text += (now_.text.empty() ? "" : "\n") + text;
        if (!text.ends_with(delimiter_)) return;
        now_.text.resize(now_.text.size() - delimiter_.size());
        made.push_back(now_);
        now_.text.clear();
        now_.not_for.clear();
        if (now_.is_executable) now_.expected = corpus_statement::outcome::executed;
    }

    std::string file_;
    std::string delimiter_ = ";";
    std::size_t number_ = 0;
    corpus_statement now_;
};

} // namespace

std::uint64_t corpus_statement::mode_bits() const {
    constexpr std::uint64_t ansi_quotes = 0x4;
    constexpr std::uint64_t no_backslash_escapes = 0x100000;
    return (sql_mode.find("ANSI_QUOTES") != std::string::npos ? ansi_quotes : 0) |
           (sql_mode.find("NO_BACKSLASH_ESCAPES") != std::string::npos ? no_backslash_escapes : 0);
}

std::vector<corpus_statement> read_ddl_corpus(const std::string& file) {
    std::ifstream in(directory / file);
    if (!in) throw std::runtime_error("there is no " + (directory / file).string());
    corpus_reader reader(file);
    for (std::string line; std::getline(in, line);)
        reader.take(line);
    return std::move(reader.made);
}

std::vector<std::string> ddl_corpus_files(const std::string& server) {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(directory / server)) {
        if (entry.path().extension() == ".sql")
            files.push_back(entry.path().lexically_relative(directory).string());
    }
    std::ranges::sort(files);
    return files;
}

} // namespace understudy::test
