#pragma once

#include <filesystem>
#include <string>

// A directory for one test object, removed with it. All of them lie in one directory of this
// process, $TMPDIR/understudy-tests-<uid>/<pid>-<random>, which goes when the process ends however
// it ends:
// - a watcher process holds the other end of a pipe and removes the directory at its end of file;
// - if the watcher is killed as well, the next test process removes every directory whose lock
//   nobody holds.
// With UNDERSTUDY_KEEP_TEST_DIRS set they are kept, in understudy-kept-<uid>, to look at.
namespace understudy::test {

class scratch_directory {
public:
    // Makes <process directory>/<name>-<number>; the path is short enough for a socket in it.
    explicit scratch_directory(const std::string& name);
    scratch_directory(scratch_directory&& other) noexcept;
    scratch_directory& operator=(scratch_directory&& other) noexcept;
    scratch_directory(const scratch_directory&) = delete;
    scratch_directory& operator=(const scratch_directory&) = delete;
    ~scratch_directory();

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    void remove() noexcept;

    std::filesystem::path path_;
};

} // namespace understudy::test
