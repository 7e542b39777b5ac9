#pragma once
// What AuthZEN's evaluations and searches share: how a question is read, who may ask it, and what is known of
// its subject.
#include <optional>
#include <string>

#include "api/context.hpp"
#include "api/read_json.hpp"
#include "commands/answers_at_head.hpp"

namespace keyledger::api::routes::authzen {

inline constexpr JsonLimits kQuestionLimits{.depth = 16, .members = 64, .values = 8192, .fractions = true};

// ---- the question
// ----------------------------------------------------------------------------------------------
enum class SubjectType { kUser, kSession, kService };
std::string_view name_of(SubjectType type);

struct Subject {
    SubjectType type = SubjectType::kUser;
    std::string id;
    auto operator<=>(const Subject&) const = default;
};
struct Resource {
    std::string type;
    std::string id;
    std::optional<std::string> owner;
};

// Each of an object of that name; what is wrong is said by the body's finish().
SubjectType read_subject_type(JsonFields& body, const std::string& path);
Subject read_subject(JsonFields& body, const std::string& path);
Resource read_resource_type(JsonFields& body, const std::string& path);  // without an id
Resource read_resource(JsonFields& body, const std::string& path);
std::string read_action(JsonFields& body, const std::string& path);

// ---- who asks
// -------------------------------------------------------------------------------------------------- A client
// that was granted it asks about anybody; whoever has a token asks about himself.
struct Asker {
    std::optional<commands::AccessClaims> holder;  // empty: of anybody

    bool may_ask(const Subject& subject) const;
};
boost::asio::awaitable<Result<Asker, Response>> authenticate_asker(Context& context, const Request& request);

// At the head. Of an id that is nobody's too: nothing is granted him.
commands::Answer<commands::Access> learn(Context& context, const Asker& asker, Subject subject,
                                         commands::Deadline deadline);

}  // namespace keyledger::api::routes::authzen
