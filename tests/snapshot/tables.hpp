#pragma once

#include "snapshot/source_table.hpp"

#include <string>
#include <vector>

// Tables for the tests of this room.
namespace understudy::snapshot::test {

inline column make_column(std::string name, std::string type, std::string charset = "") {
    column one;
    one.name = std::move(name);
    one.data_type = type.substr(0, type.find_first_of("( "));
    one.column_type = std::move(type);
    one.charset = std::move(charset);
    one.kind = value_kind_of(one.data_type).value();
    return one;
}

// shop.t with a key over the first key_columns columns.
inline source_table make_table(std::vector<column> columns, std::size_t key_columns) {
    source_table table{
        .name = {"shop", "t"}, .engine = "InnoDB", .columns = std::move(columns), .order = {}};
    if (key_columns == 0) return table;
    table.order = order_key{"PRIMARY", {}};
    for (std::size_t i = 0; i < key_columns; ++i)
        table.order->columns.push_back(i);
    return table;
}

} // namespace understudy::snapshot::test
