#pragma once
// Conditional requests (RFC 9110 section 13) on what has an ETag. A tag is two short names: of the state that commands
// upon the thing change (commands/entity_tags.hpp), which `If-Match` is held against, and of the whole answer, which
// `If-None-Match` is held against too: "state.answer". A list has the latter alone.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/requests/request.hpp"
#include "commands/runtime/caller.hpp"

namespace keyledger::api {

struct EntityTag {
    std::string opaque;  // without its quotes
    bool weak = false;
};
// What one of the two headers says, over all of its lines.
struct EntityTags {
    bool any = false;  // "*"
    std::vector<EntityTag> tags;
};
// nullopt: it is not of that grammar. Empty elements are ignored.
std::optional<EntityTags> parse_entity_tags(std::string_view value);

// What `If-Match` asks for. A malformed one, or one with weak tags only, matches nothing.
commands::Precondition precondition(const Request& request);

// A header's value, quotes and all.
std::string entity_tag(std::string_view state, std::string_view answer);
// The answer with its ETag, or 304 where `If-None-Match` has it. `state` is empty for a list. `answer` is what the tag
// is made of, as far as it is not the body.
Response with_entity_tag(const Request& request, Response response, std::string_view state);
Response with_entity_tag(const Request& request, Response response, std::string_view state, std::string_view answer);

}  // namespace keyledger::api
