#include "api/routes/conditions.hpp"

#include <algorithm>

#include "api/wire/text.hpp"
#include "commands/entity_tags.hpp"

namespace keyledger::api {
namespace {

constexpr std::size_t kMaxTags = 32;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// RFC 9110 section 8.8.3: visible characters but the quote.
bool is_of_tag(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0x21 || (byte >= 0x23 && byte != 0x7F);
}

// Takes one tag off the front.
std::optional<EntityTag> take_tag(std::string_view& text) {
    EntityTag tag;
    if (text.starts_with("W/")) {
        tag.weak = true;
        text.remove_prefix(2);
    }
    if (!text.starts_with('"')) return std::nullopt;
    const auto end = text.find('"', 1);
    if (end == text.npos) return std::nullopt;
    tag.opaque = text.substr(1, end - 1);
    if (!std::ranges::all_of(tag.opaque, is_of_tag)) return std::nullopt;
    text.remove_prefix(end + 1);
    return tag;
}

// Of all lines with that name; "" where there is none.
std::string field_of(const Request& request, std::string_view name) {
    std::string all;
    for (std::size_t i = 0; i < request.headers.size(); ++i) {
        const auto field = request.headers.at(i);
        if (equal_ignoring_case(field.name, name)) all.append(all.empty() ? "" : ",").append(field.value);
    }
    return all;
}

bool is_known(const Request& request, const std::string& tag) {
    const auto known = parse_entity_tags(field_of(request, "If-None-Match"));
    if (!known) return false;
    return known->any || std::ranges::find(known->tags, tag, &EntityTag::opaque) != known->tags.end();
}

}  // namespace

std::optional<EntityTags> parse_entity_tags(std::string_view text) {
    EntityTags all;
    const auto skip_blanks = [&] {
        while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    };
    for (skip_blanks(); !text.empty(); skip_blanks()) {
        if (text.starts_with(',')) {
            text.remove_prefix(1);
            continue;
        }
        if (text.starts_with('*')) {
            all.any = true;
            text.remove_prefix(1);
        } else {
            auto tag = take_tag(text);
            if (!tag || all.tags.size() == kMaxTags) return std::nullopt;
            all.tags.push_back(std::move(*tag));
        }
        skip_blanks();
        if (!text.empty() && !text.starts_with(',')) return std::nullopt;
    }
    if (all.any != all.tags.empty()) return std::nullopt;  // one of both, and something
    return all;
}

commands::Precondition precondition(const Request& request) {
    if (!request.headers.contains("If-Match")) return std::nullopt;
    std::vector<std::string> states;
    const auto wanted = parse_entity_tags(field_of(request, "If-Match"));
    if (wanted && wanted->any) return std::nullopt;  // that it is there the command asks anyway
    if (!wanted) return states;
    for (const EntityTag& tag : wanted->tags)
        if (!tag.weak) states.push_back(tag.opaque.substr(0, tag.opaque.find('.')));
    return states;
}

std::string entity_tag(std::string_view state, std::string_view answer) {
    std::string tag = "\"" + std::string(state);
    if (!state.empty()) tag += '.';
    return tag + commands::answer_tag(answer) + '"';
}

Response with_entity_tag(const Request& request, Response response, std::string_view state, std::string_view answer) {
    const std::string tag = entity_tag(state, answer);
    response.headers.add("ETag", tag);
    if (!is_known(request, tag.substr(1, tag.size() - 2))) return response;
    response.status = 304;
    response.body.clear();
    response.content_type.clear();
    return response;
}

Response with_entity_tag(const Request& request, Response response, std::string_view state) {
    const std::string answer = response.body;
    return with_entity_tag(request, std::move(response), state, answer);
}

}  // namespace keyledger::api
