#pragma once
// Writing answers. Strings are UTF-8 by the promise of whoever read them in.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/time.hpp"

namespace keyledger::api {

// One JSON object (or what is nested in it), member by member, in the order of the calls.
class JsonText {
public:
    JsonText();
    ~JsonText();
    JsonText(const JsonText&) = delete;
    JsonText& operator=(const JsonText&) = delete;

    JsonText& text(std::string_view name, std::string_view value);
    JsonText& text_or_null(std::string_view name, const std::optional<std::string>& value);
    JsonText& number(std::string_view name, std::int64_t value);
    JsonText& boolean(std::string_view name, bool value);
    JsonText& time(std::string_view name, Instant at);
    JsonText& time_or_null(std::string_view name, const std::optional<Instant>& at);
    JsonText& texts(std::string_view name, const std::vector<std::string>& values);
    JsonText& begin_array(std::string_view name);
    JsonText& end_array();
    JsonText& begin_object();  // inside an array
    JsonText& begin_object(std::string_view name);
    JsonText& end_object();

    // Closes the outermost object. Call it once, last.
    std::string finish();

private:
    struct Writer;
    std::unique_ptr<Writer> writer_;
};

// RFC 3339, UTC, with milliseconds.
std::string rfc3339(Instant at);
// A date and time of RFC 3339 section 5.6: any offset, 'T' and 'Z' in either case, any number of digits behind the
// second (what is finer than a millisecond is left off), a leap second as the first of the next minute. Milliseconds
// since 1970; nullopt for anything else.
std::optional<Instant> parse_rfc3339(std::string_view text);

}  // namespace keyledger::api
