#pragma once

#include <string>

namespace understudy::protocol {

// Numbers as the server's my_gcvt prints them where the width is no limit: the shortest digits that
// give the same DOUBLE; of a FLOAT the first six digits, as SELECT shows it. 'f' notation up to 15
// places before or 14 zeros after the point, else 1.5e-20. Not finite: "nan", "inf", "-inf", which
// no column holds.
void append_double(std::string& out, double number);
void append_float_as_selected(std::string& out, float number);

// The shortest digits that give the same FLOAT when they are read as one.
void append_shortest_float(std::string& out, float number);

// The five fractional digits of VECTOR_TO_STRING: 1.00000e+00.
void append_vector_element(std::string& out, float number);

// A DOUBLE literal (never a DECIMAL one) of exactly this number.
void append_double_literal(std::string& out, double number);

} // namespace understudy::protocol
