#pragma once
// The forms that values of settings have, and values that have one. Pure; any thread.
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace keyledger::app {

struct Endpoint {
    std::string address;
    std::uint16_t port = 0;
};

// What the text of a setting has to look like: for the reader (config.cpp) and, where the text alone does not show it,
// for what looks before `serve` starts (config_checks.cpp). An empty text is checked only where the default is not.
struct Form {
    enum class Kind {
        kText,
        kWhole,
        kOneOf,
        kSomeOf,
        kList,
        kNetworks,
        kOrigins,
        kEndpoint,
        kDatabaseUrl,
        kReplacedFile,  // that the service writes: as a whole
        kGrowingFile,   // that the service writes: at its end
    };
    Kind kind = Kind::kText;
    std::string_view what{};  // of a number: its unit; else what it is
    std::int64_t least = 0;   // of a number; both bounds are allowed
    std::int64_t most = 0;
    std::string_view words{};  // that are allowed, between commas

    constexpr bool is_list() const {
        return kind == Kind::kSomeOf || kind == Kind::kList || kind == Kind::kNetworks || kind == Kind::kOrigins;
    }
};
constexpr Form text(std::string_view what) { return {Form::Kind::kText, what}; }
constexpr Form whole(std::int64_t least, std::int64_t most, std::string_view unit = {}) {
    return {Form::Kind::kWhole, unit, least, most};
}
constexpr Form one_of(std::string_view words) { return {Form::Kind::kOneOf, {}, 0, 0, words}; }
constexpr Form some_of(std::string_view words) { return {Form::Kind::kSomeOf, {}, 0, 0, words}; }
constexpr Form list(std::string_view what) { return {Form::Kind::kList, what}; }
constexpr Form networks() { return {Form::Kind::kNetworks, "networks"}; }
constexpr Form origins() { return {Form::Kind::kOrigins, "origins"}; }
constexpr Form endpoint() { return {Form::Kind::kEndpoint, "address:port"}; }
constexpr Form database_url() { return {Form::Kind::kDatabaseUrl, "URL"}; }
constexpr Form file() { return {Form::Kind::kText, "file"}; }
constexpr Form replaced_file() { return {Form::Kind::kReplacedFile, "file"}; }
constexpr Form growing_file() { return {Form::Kind::kGrowingFile, "file"}; }

// A text that has its form, and what it says.
struct Value {
    std::string text;
    std::int64_t number = 0;         // of whole()
    std::vector<std::string> items;  // of lists
    Endpoint endpoint;
};

// Puts a value into the member, as the member's type asks for.
template <class To>
void put_value(To& to, const Value& value) {
    if constexpr (std::is_same_v<To, std::string>) to = value.text;
    else if constexpr (std::is_same_v<To, std::vector<std::string>>) to = value.items;
    else if constexpr (std::is_same_v<To, Endpoint>) to = value.endpoint;
    else to = static_cast<To>(value.number);
}

}  // namespace keyledger::app
