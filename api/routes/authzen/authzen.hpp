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

// AuthZEN defines the members of a question; a request may have others, which are ignored (section 10.1.1).
inline constexpr JsonLimits kQuestionLimits{
    .depth = 32, .members = 512, .values = 16'384, .allow_unknown_members = true};

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
enum class SubjectReferenceType { kUser, kSession, kService, kOther };  // of others there are none here

struct SubjectReference {
    SubjectReferenceType type = SubjectReferenceType::kUser;
    std::string type_name;
    std::string id;
    auto operator<=>(const SubjectReference&) const = default;
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

// Each reads the object of that name; the body's finish() tells what is wrong.
SubjectReference read_subject_type(QuestionFields& body, const std::string& path);  // without an id
// `typed`: the object with the type, where that is another one.
SubjectReference read_subject(QuestionFields& body, const std::string& path, const std::string& typed = "");
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
struct Requester {
    commands::SharedClaims holder;  // nullptr: of anybody

    bool may_ask(const SubjectReference& subject) const;
};
boost::asio::awaitable<Result<Requester, Response>> authenticate_requester(Context& context, const Request& request);

// An answer as of that position, which is told in a header. In the body it would make answers to equal questions
// differ.
Response answer_at(Context& context, JsonText& json, Position position);

// At the head. Unknown ids and names have no permissions.
commands::Answer<SubjectAccess> access_of_subject(Context& context, const Requester& requester,
                                                  SubjectReference subject, commands::Deadline deadline);
// Replaces the name of an owner by their id, if the requester may ask about anybody.
commands::Answer<std::optional<std::string>> owner_by_id(Context& context, const Requester& requester,
                                                         std::optional<std::string> owner, commands::Deadline deadline);

}  // namespace keyledger::api::routes::authzen
