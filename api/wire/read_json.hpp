#pragma once
// The only reader of JSON bodies. Declarative: ask for each field, then finish():
//
//     JsonFields body(request);
//     std::string email = body.required_string("email", kMaxEmailBytes);
//     Secret password = body.required_secret("password", kMaxPasswordBytes);
//     auto read = body.finish();
//     if (!read) co_return read.error();
//
// A body is one object in UTF-8 under application/json. Refused: byte order mark, NUL, duplicate keys, fields
// that nobody asked for, more depth or members than the limits, lone surrogates and U+0000 in any string,
// numbers that are no integers of at most 2^53 (RFC 7493). Where another standard says what a body is
// (JsonLimits::allow_unknown_members), what nobody asks for may be there and is not judged. Until finish() says yes,
// what the getters return is not to be used.
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/requests/request.hpp"
#include "api/wire/problem.hpp"
#include "domain/base/result.hpp"
#include "domain/base/secret.hpp"

namespace keyledger::api {

struct JsonLimits {
    std::size_t depth = 8;
    std::size_t members = 64;   // of one object
    std::size_t values = 1024;  // in the whole body
    // Of a body that another standard defines (AuthZEN section 10.1.1): members that nobody asks for are let be, with
    // whatever numbers and texts they have. It is still I-JSON (RFC 7493): no key twice, no lone surrogates.
    bool allow_unknown_members = false;
};

inline constexpr std::int64_t kMaxJsonInteger = std::int64_t{1} << 53;

class JsonFields {
public:
    // Parses at once. The request must outlive the reader; the reader's own copy of the body is wiped when it
    // dies.
    explicit JsonFields(const Request& request, const JsonLimits& limits = {});
    ~JsonFields();
    JsonFields(const JsonFields&) = delete;
    JsonFields& operator=(const JsonFields&) = delete;

    // Names may be paths into objects and lists: "subject.id", "evaluations.0.subject". Sizes are bytes of
    // UTF-8. A required string must not be empty. An optional one that is null counts as absent; has() tells
    // whether the name is in the body at all.
    std::string required_string(std::string_view name, std::size_t max_bytes);
    std::optional<std::string> optional_string(std::string_view name, std::size_t max_bytes);
    Secret required_secret(std::string_view name, std::size_t max_bytes);
    std::optional<Secret> optional_secret(std::string_view name, std::size_t max_bytes);
    std::int64_t required_integer(std::string_view name, std::int64_t min, std::int64_t max);
    std::optional<std::int64_t> optional_integer(std::string_view name, std::int64_t min, std::int64_t max);
    std::optional<bool> optional_bool(std::string_view name);
    // Absent or null: empty.
    std::vector<std::string> string_list(std::string_view name, std::size_t max_items, std::size_t max_bytes);
    // Must be there: leaving it out by mistake would empty the list. It may have no items.
    std::vector<std::string> required_string_list(std::string_view name, std::size_t max_items, std::size_t max_bytes);
    bool has(std::string_view name) const;
    // How many objects are in the list of that name; absent or null: none. Ask for their fields by "name.0.field".
    std::size_t object_list(std::string_view name, std::size_t max_items);
    // How many items of any kind are in it.
    std::size_t list(std::string_view name, std::size_t max_items);
    // Whether there is an object of that name; null counts as absent. Ask for its fields by "name.field".
    bool object(std::string_view name);
    // Read-only members: each may be left out or be as it is in `as_read`, the object that was read. Anything else is
    // refused, because it would be ignored.
    bool has_any(std::span<const std::string_view> names) const;
    void unchanged(std::span<const std::string_view> names, const std::string& as_read);
    // The members of the object of that name that are a text, a truth or a whole number, as text: "true", "42". What
    // else is there is let be. In a body that another standard defines.
    std::vector<std::pair<std::string, std::string>> plain_members(std::string_view name);
    // Anything may be there, and nobody reads it but who asks for a field of it by its path.
    void ignore(std::string_view name);

    // Adds what the caller found wrong with a field.
    void refuse(std::string_view name, std::string detail);
    // What was found wrong since there were so many errors: no longer an error of the body, but the caller's to tell.
    std::size_t errors() const;
    std::vector<FieldError> take_errors(std::size_t from);

    // One problem with all field errors. Call it once, after every field was asked for.
    Result<void, Response> finish();

private:
    struct Body;
    std::unique_ptr<Body> body_;
};

}  // namespace keyledger::api
