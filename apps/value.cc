#include "fracbit/apps/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "fracbit/framework/error.h"
#include "fracbit/framework/nearest.h"

namespace fracbit::apps {
namespace {

[[noreturn]] void reject(const Option& option, std::string_view got, std::string_view where) {
  std::string hint;
  if (!option.choices.empty()) hint = nearest_hint(got, split(option.choices, '|'));
  throw ConfigError(std::string(where) + ": expects " + expectation(option) + ", got '" +
                    std::string(got) + "'" + hint);
}

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  return result.ec == std::errc() && result.ptr == end;
}

template <class Number>
bool read_list(std::string_view text, std::vector<Number>& numbers) {
  for (std::string_view part : split(text, ',')) {
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    if (!read_number(part, numbers.emplace_back())) return false;
  }
  return !numbers.empty();
}

bool within(const Option& option, double number) {
  return number >= option.low && number <= option.high;  // false for NaN
}

Value read_flag(std::string_view text) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return {};
}

template <class Number>
Value read_one(std::string_view text) {
  Number number{};
  return read_number(text, number) ? Value(number) : Value();
}

template <class Number>
Value read_several(std::string_view text) {
  std::vector<Number> numbers;
  return read_list(text, numbers) ? Value(std::move(numbers)) : Value();
}

Value read(Type type, std::string_view text) {
  switch (type) {
    case Type::flag:
      return read_flag(text);
    case Type::integer:
      return read_one<int64_t>(text);
    case Type::real:
      return read_one<double>(text);
    case Type::integers:
      return read_several<int64_t>(text);
    case Type::reals:
      return read_several<double>(text);
    case Type::text:
    case Type::path:
      return text.empty() ? Value() : Value(std::string(text));
  }
  return {};
}

bool in_range(const Option& option, const Value& value) {
  const auto fits = [&](auto number) { return within(option, static_cast<double>(number)); };
  if (const auto* whole = std::get_if<int64_t>(&value)) return fits(*whole);
  if (const auto* number = std::get_if<double>(&value)) return fits(*number);
  if (const auto* list = std::get_if<std::vector<int64_t>>(&value)) {
    return std::ranges::all_of(*list, fits);
  }
  if (const auto* list = std::get_if<std::vector<double>>(&value)) {
    return std::ranges::all_of(*list, fits);
  }
  const bool listed = option.type == Type::text && !option.choices.empty();
  if (const auto* text = std::get_if<std::string>(&value); text && listed) {
    const auto known = split(option.choices, '|');
    return std::ranges::find(known, *text) != known.end();
  }
  return true;
}

std::string toml_string(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string real_toml(double number) {
  const std::string text = shortest(number);
  return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

template <class Number, class Write>
std::string list_toml(const std::vector<Number>& numbers, Write write) {
  std::string out = "[";
  for (const Number& number : numbers) out += (out.size() > 1 ? ", " : "") + write(number);
  return out + "]";
}

}  // namespace

Value parse(const Option& option, std::string_view text, std::string_view where) {
  Value value = read(option.type, text);
  if (std::holds_alternative<std::monostate>(value) || !in_range(option, value)) {
    reject(option, text, where);
  }
  return value;
}

void check(const Option& option, const Value& value, std::string_view where) {
  if (in_range(option, value)) return;
  const auto* text = std::get_if<std::string>(&value);
  reject(option, text ? *text : to_toml(value), where);
}

std::string shortest(double number) {
  char buffer[32];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, number);
  return {buffer, result.ptr};
}

std::string to_toml(const Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* whole = std::get_if<int64_t>(&value)) return std::to_string(*whole);
  if (const auto* number = std::get_if<double>(&value)) return real_toml(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return toml_string(*text);
  if (const auto* list = std::get_if<std::vector<int64_t>>(&value)) {
    return list_toml(*list, [](int64_t n) { return std::to_string(n); });
  }
  if (const auto* list = std::get_if<std::vector<double>>(&value)) {
    return list_toml(*list, real_toml);
  }
  return toml_string("");
}

std::string range_text(const Option& option) {
  constexpr double kNoLimit = 1e9;
  if (option.high >= kNoLimit) return shortest(option.low) + " or more";
  return "from " + shortest(option.low) + " to " + shortest(option.high);
}

std::string expectation(const Option& option) {
  const std::string range = std::string(" ").append(range_text(option));
  switch (option.type) {
    case Type::flag:
      return "true or false";
    case Type::integer:
      return "a whole number" + range;
    case Type::real:
      return "a number" + range;
    case Type::integers:
      return "whole numbers" + range + ", separated by commas";
    case Type::reals:
      return "numbers" + range + ", separated by commas";
    case Type::path:
      return "a path";
    case Type::text:
      break;
  }
  if (option.choices.empty()) return "a name";
  std::string list;
  for (std::string_view choice : split(option.choices, '|')) {
    list += (list.empty() ? "one of " : ", ") + std::string(choice);
  }
  return list;
}

}  // namespace fracbit::apps
