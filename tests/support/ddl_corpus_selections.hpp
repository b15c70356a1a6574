#pragma once

#include "state/object_selection.hpp"

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// The tasks under which the statements of the corpus are planned.
namespace understudy::test {

struct named_selection {
    std::string name;
    state::object_selection selection;
    std::vector<std::pair<std::string, std::string>> renames;
};

[[nodiscard]] inline std::vector<named_selection> ddl_corpus_selections() {
    using renames = std::vector<std::pair<std::string, std::string>>;
    const std::vector<std::pair<std::string, renames>> all{
        {"own names", {}},
        {"renamed database", {{"corpus", "corpus_copy"}}},
        {"renamed tables",
         {{"corpus", "corpus_copy"},
          {"corpus.orders", "corpus_dw.facts"},
          {"corpus.items", "corpus_copy.articles"}}},
    };
    std::vector<named_selection> made;
    for (const auto& [name, rename] : all) {
        state::task_spec spec;
        spec.name = "corpus";
        spec.objects.include = {"corpus.*"};
        // Its name on the target is taken.
        spec.objects.exclude = {"corpus.articles"};
        spec.objects.rename = rename;
        auto selection = state::object_selection::make(spec);
        if (!selection) throw std::runtime_error(selection.error().what);
        made.push_back({name, std::move(*selection), rename});
    }
    return made;
}

} // namespace understudy::test
