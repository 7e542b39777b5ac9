// A JSON body, read as the routes read it.
#include "api/wire/read_json.hpp"

#include "domain/access/permission.hpp"
#include "domain/users/identity.hpp"
#include "security/primitives/utf8.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace keyledger::fuzz {
namespace {

constexpr std::size_t kMaxBytes = 64;

void check_text(const std::string& text) {
    promise(text.size() <= kMaxBytes, "a text is bounded");
    promise(security::code_points_of(text).has_value(), "a text is UTF-8, without lone surrogates");
    promise(text.find('\0') == text.npos, "a text has no NUL");
}

// What the commands make of texts, and what they keep.
void check_identity(const std::string& text) {
    if (const auto email = parse_email(text)) {
        promise(email->text.size() <= kMaxEmailBytes && email->key.size() == email->text.size(), "an address");
        const auto again = parse_email(email->key);
        promise(again && again->key == email->key, "a key is the key of itself");
        promise(!parse_username(text), "an address is no user name");
    }
    if (const auto username = parse_username(text)) {
        const auto again = parse_username(username->key);
        promise(again && again->key == username->key, "a key is the key of itself");
    }
    if (const auto name = parse_name(text)) {
        promise(!name->empty() && name->size() <= kMaxNameBytes, "a name is bounded");
        const auto again = parse_name(*name);
        promise(again && *again == *name, "a name is trimmed once");
    }
}

// What roles are made of.
void check_access(const std::string& text) {
    if (const auto permission = parse_permission(text)) {
        promise(permission->text() == text && text.size() <= kMaxPermissionBytes, "a permission has one spelling");
        const PermissionSet set({*permission});
        promise(set.covers(*permission) && PermissionSet::everything().covers(set), "a permission covers itself");
        promise(!PermissionSet().covers(*permission), "nothing covers nothing else");
    }
    const std::string part = name_in_permission(text);
    promise(text_of_part(part) == text && part.find('*') == std::string::npos,
            "a name means the text that it was made of, and is no wildcard");
    if (const auto name = parse_role_name(text)) {
        const auto again = parse_role_name(name->key);
        promise(again && again->key == name->key, "a key is the key of itself");
    }
}

// By paths into objects and lists, as the questions of AuthZEN are read.
void read_nested(const api::Request& request) {
    constexpr api::JsonLimits kLimits{.depth = 32, .members = 512, .values = 16'384, .allow_unknown_members = true};
    constexpr std::size_t kMaxItems = 3;
    api::JsonFields body(request, kLimits);
    std::vector<std::string> texts{body.required_string("subject.id", kMaxBytes)};
    const std::size_t items = body.object_list("evaluations", kMaxItems);
    for (std::size_t i = 0; i < items; ++i) {
        const std::string item = "evaluations." + std::to_string(i) + ".";
        if (body.object(item + "action")) texts.push_back(body.required_string(item + "action.name", kMaxBytes));
        body.ignore(item + "context");
    }
    body.ignore("subject.properties");
    promise(items <= kMaxItems, "a list is bounded");
    if (!body.finish()) return;
    for (const std::string& text : texts) {
        promise(!text.empty(), "what is required is there");
        check_text(text);
    }
}

}  // namespace

void json(std::string_view text) {
    api::Request request;
    request.method = api::Method::kPost;
    request.headers.add("Content-Type", "application/json");
    request.body.assign(text);
    api::JsonFields body(request);
    const std::string email = body.required_string("email", kMaxBytes);
    const Secret password = body.required_secret("password", kMaxBytes);
    const auto name = body.optional_string("name", kMaxBytes);
    const auto limit = body.optional_integer("limit", -5, 200);
    const auto flag = body.optional_bool("flag");
    const auto list = body.string_list("list", 3, kMaxBytes);
    read_nested(request);
    const auto read = body.finish();
    if (!read) {
        promise(read.error().status == 400 || read.error().status == 415, "a refusal says what is wrong");
        return;
    }
    promise(!email.empty() && !password.empty(), "what is required is there");
    check_text(email);
    check_text(std::string(password.reveal()));
    if (name) check_text(*name);
    if (limit) promise(*limit >= -5 && *limit <= 200, "an integer is in its range");
    promise(list.size() <= 3, "a list is bounded");
    for (const std::string& item : list) {
        check_text(item);
        check_access(item);
    }
    static_cast<void>(flag);
    check_identity(email);
}

}  // namespace keyledger::fuzz
