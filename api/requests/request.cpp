#include "api/requests/request.hpp"

#include <array>
#include <stdexcept>
#include <utility>

namespace keyledger::api {
namespace {

constexpr std::array<std::pair<Method, std::string_view>, 7> kMethods{{{Method::kGet, "GET"},
                                                                       {Method::kHead, "HEAD"},
                                                                       {Method::kPost, "POST"},
                                                                       {Method::kPut, "PUT"},
                                                                       {Method::kPatch, "PATCH"},
                                                                       {Method::kDelete, "DELETE"},
                                                                       {Method::kOptions, "OPTIONS"}}};

}  // namespace

std::string_view to_string(Method method) noexcept {
    for (const auto& [value, name] : kMethods)
        if (value == method) return name;
    return "OTHER";
}

Method parse_method(std::string_view text) noexcept {
    for (const auto& [value, name] : kMethods)
        if (name == text) return value;
    return Method::kOther;
}

std::optional<std::string_view> find(const Parameters& parameters, std::string_view name) noexcept {
    for (const Parameter& parameter : parameters)
        if (parameter.name == name) return parameter.value;
    return std::nullopt;
}

std::string_view Request::path_parameter(std::string_view name) const {
    auto value = find(path_parameters, name);
    if (!value) throw std::logic_error("the route has no path parameter " + std::string(name));
    return *value;
}

}  // namespace keyledger::api
