#pragma once
// What AuthZEN's evaluations and searches share: how a question is read, who may ask it, and what is known of
// its subject.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/routes/context.hpp"
#include "api/wire/read_json.hpp"
#include "api/wire/write_json.hpp"
#include "commands/access/answers_at_head.hpp"

namespace keyledger::api::routes::authzen {

// What a question is made of is AuthZEN's to say, and what else is in it is whoever's who asks (section 10.1.1).
inline constexpr JsonLimits kQuestionLimits{.depth = 32, .members = 512, .values = 16'384, .of_others = true};

class QuestionFields : public JsonFields {
public:
    QuestionFields(const Context& context, const Request& request)
        : JsonFields(request, kQuestionLimits), owner_property_(context.owner_property) {}
    const std::string& owner_property() const { return owner_property_; }

private:
    const std::string& owner_property_;  // of a resource
};

inline constexpr std::size_t kMaxEvaluations = 50;
inline constexpr std::size_t kMaxEvaluatedIdBytes = 512;  // of a resource: not looked at

// ---- the question -----------------------------------------------------------------------------------------
enum class SubjectType { kUser, kSession, kService, kOther };  // of others there are none here

struct Subject {
    SubjectType type = SubjectType::kUser;
    std::string type_name;
    std::string id;
    auto operator<=>(const Subject&) const = default;
};
// By any names.
struct Resource {
    std::string type;
    std::string id;
    std::optional<std::string> owner;
};

// With its properties that are a text, a truth or a whole number, as text: `soft` is `true`.
struct Action {
    std::string name;
    std::vector<std::pair<std::string, std::string>> properties;
};

// Each of an object of that name; what is wrong is said by the body's finish().
Subject read_subject_type(QuestionFields& body, const std::string& path);  // without an id
// `typed`: the object with the type, where that is another one.
Subject read_subject(QuestionFields& body, const std::string& path, const std::string& typed = "");
Resource read_resource_type(QuestionFields& body, const std::string& path);  // without an id
Resource read_resource(QuestionFields& body, const std::string& path, const std::string& typed = "");
Action read_action(QuestionFields& body, const std::string& path);

// The same as permissions name them.
struct Question {
    std::string type;
    std::string action;
    std::string instance;
    std::optional<std::string> owner;
    std::vector<std::string> qualified;  // the action with each property that a permission can name; sorted

    Question(const Resource& resource, const Action& asked);
    AccessQuestion asked() const { return {type, action, instance, owner, qualified}; }
};

// ---- who asks ---------------------------------------------------------------------------------------------
// A client that was granted it asks about anybody; whoever has a token asks about themselves.
struct Asker {
    std::optional<commands::AccessClaims> holder;  // empty: of anybody

    bool may_ask(const Subject& subject) const;
};
boost::asio::awaitable<Result<Asker, Response>> authenticate_asker(Context& context, const Request& request);

// An answer as of that position. AuthZEN has no place for it in the body, which is the same each time that the same is
// asked (and so is what is sealed not).
Response answer_at(Context& context, JsonText& json, Position position);

// At the head. Of an id or name that is nobody's too: nothing is granted.
commands::Answer<SubjectAccess> learn(Context& context, const Asker& asker, Subject subject,
                                      commands::Deadline deadline);
// An owner who is called by a name is known by their id from here on, if whoever asks may ask about anybody.
commands::Answer<std::optional<std::string>> owner_by_id(Context& context, const Asker& asker,
                                                         std::optional<std::string> owner, commands::Deadline deadline);

}  // namespace keyledger::api::routes::authzen
