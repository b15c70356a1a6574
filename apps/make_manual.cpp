// Prints the manual page (man) or completions (bash, zsh, fish) of understudy, made from the same
// description as --help. Run by the build.

#include "apps/command_line.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace {

using understudy::apps::describe_command_line;

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
    return app.get_subcommands([](const CLI::App* one) { return !one->get_name().empty(); });
}

// "relay show" for a command and its parents, without the program.
std::string path_of(const CLI::App& app) {
    if (app.get_parent() == nullptr) return "";
    const auto above = path_of(*app.get_parent());
    return above.empty() ? app.get_name() : above + " " + app.get_name();
}

// A line of roff must not begin with a dot or an apostrophe, and a hyphen is to stay one.
std::string roff(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool at_begin = out.empty() || out.back() == '\n';
        if (at_begin && (c == '.' || c == '\'')) out += "\\&";
        if (c == '\\') {
            out += "\\e";
        } else if (c == '-') {
            out += "\\-";
        } else {
            out += c;
        }
    }
    return out;
}

std::string term_of(const CLI::Option& option) {
    std::string names =
        option.get_positional() ? option.get_name(true) : option.get_name(false, true);
    for (std::size_t at = 0; (at = names.find(',', at)) != std::string::npos; at += 2)
        names.replace(at, 1, ", ");
    const auto type = option.get_type_name();
    return option.get_positional() || type.empty() ? names : names + " " + type;
}

void print_options(const CLI::App& app) {
    for (const CLI::Option* option : app.get_options())
        fmt::print(".TP\n\\fB{}\\fR\n{}\n", roff(term_of(*option)),
                   roff(option->get_description()));
}

void print_command(const CLI::App& app) {
    const auto about = app.get_description();
    fmt::print(".SS understudy {}\n{}{}\n", roff(path_of(app)), roff(about),
               about.ends_with('?') ? "" : ".");
    print_options(app);
    if (!app.get_footer().empty() && app.get_footer() != app.get_parent()->get_footer())
        fmt::print(".PP\n{}\n", roff(app.get_footer()));
    for (const CLI::App* one : commands_of(app))
        print_command(*one);
}

void print_manual(const CLI::App& program) {
    fmt::print(".TH UNDERSTUDY 1 \"\" \"understudy\" \"User Commands\"\n"
               ".SH NAME\nunderstudy \\- replicate one MySQL server into another\n"
               ".SH SYNOPSIS\n.B understudy\n\\fICOMMAND\\fR [\\fIOPTION\\fR]...\n"
               ".SH DESCRIPTION\n{}\n.SH COMMANDS\n",
               roff(program.get_description()));
    for (const CLI::App* one : commands_of(program))
        print_command(*one);
    fmt::print(".SH OPTIONS\n");
    print_options(program);
    fmt::print(".SH EXAMPLES\n.nf\n{}\n.fi\n", roff(program.get_footer()));
    fmt::print(".SH FILES\n.TP\n/var/lib/understudy\nTasks of the daemon: relay logs and state.\n"
               ".TP\n/etc/understudy\nFor task files; an example is in "
               "/usr/share/doc/understudy/examples.\n");
}

// What may follow a command: its own commands and options.
std::string words_of(const CLI::App& app) {
    std::string words;
    for (const CLI::App* one : commands_of(app))
        words += one->get_name() + " ";
    for (const CLI::Option* option : app.get_options()) {
        for (const auto& name : option->get_lnames())
            words += "--" + name + " ";
    }
    if (!words.empty()) words.pop_back();
    return words;
}

template<class Visit>
void for_each_command(const CLI::App& app, const Visit& visit) {
    visit(app);
    for (const CLI::App* one : commands_of(app))
        for_each_command(*one, visit);
}

void print_cases(const CLI::App& program) {
    for_each_command(program, [](const CLI::App& one) {
        fmt::print("        '{}') words='{}' ;;\n", path_of(one), words_of(one));
    });
}

// Words before the cursor that are commands make the path.
void print_bash(const CLI::App& program) {
    fmt::print("_understudy() {{\n"
               "    local word=${{COMP_WORDS[COMP_CWORD]}} path= next words i\n"
               "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
               "        next=${{path:+$path }}${{COMP_WORDS[i]}}\n"
               "        case $next in\n            ");
    std::string all;
    for_each_command(program, [&](const CLI::App& one) {
        if (!path_of(one).empty()) all += (all.empty() ? "'" : "|'") + path_of(one) + "'";
    });
    fmt::print("{}) path=$next ;;\n        esac\n    done\n    case $path in\n", all);
    print_cases(program);
    fmt::print("    esac\n"
               "    if [[ $word == -* || -z $path || $path == relay ]]; then\n"
               "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
               "    else\n"
               "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
               "        compopt -o filenames\n"
               "    fi\n"
               "}}\ncomplete -F _understudy understudy\n");
}

void print_zsh(const CLI::App& program) {
    fmt::print("#compdef understudy\n"
               "local path_= next words_ i\n"
               "for ((i = 2; i < CURRENT; i++)); do\n"
               "    next=${{path_:+$path_ }}${{words[i]}}\n"
               "    case $next in\n");
    for_each_command(program, [](const CLI::App& one) {
        if (!path_of(one).empty()) fmt::print("        '{}') path_=$next ;;\n", path_of(one));
    });
    fmt::print("    esac\ndone\ncase $path_ in\n");
    for_each_command(program, [](const CLI::App& one) {
        fmt::print("    '{}') words_='{}' ;;\n", path_of(one), words_of(one));
    });
    fmt::print("esac\n"
               "if [[ ${{words[CURRENT]}} == -* || -z $path_ || $path_ == relay ]]; then\n"
               "    compadd -- ${{=words_}}\n"
               "else\n"
               "    _files\n"
               "fi\n");
}

std::string fish_quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
    }
    return out + "'";
}

void print_fish(const CLI::App& program) {
    for_each_command(program, [](const CLI::App& one) {
        const auto path = path_of(one);
        const auto condition =
            path.empty() ? std::string("__fish_use_subcommand")
                         : "__fish_seen_subcommand_from " + path.substr(path.rfind(' ') + 1);
        for (const CLI::App* next : commands_of(one))
            fmt::print("complete -c understudy -f -n {} -a {} -d {}\n", fish_quoted(condition),
                       next->get_name(), fish_quoted(next->get_description()));
        for (const CLI::Option* option : one.get_options()) {
            for (const auto& name : option->get_lnames())
                fmt::print("complete -c understudy -n {} -l {} -d {}\n", fish_quoted(condition),
                           name, fish_quoted(option->get_description()));
        }
    });
}

} // namespace

int main(int argc, char** argv) {
    const std::string_view form = argc == 2 ? argv[1] : "";
    void (*print)(const CLI::App&) = nullptr;
    if (form == "man") print = print_manual;
    if (form == "bash") print = print_bash;
    if (form == "zsh") print = print_zsh;
    if (form == "fish") print = print_fish;
    if (print == nullptr) {
        std::fputs("make_manual man|bash|zsh|fish\n", stderr);
        return 2;
    }
    describe_command_line(print);
    return 0;
}
