#include "api/routes/authzen_routes.hpp"

#include <map>

#include "api/form.hpp"
#include "api/read_json.hpp"
#include "api/refusals.hpp"
#include "api/write_json.hpp"
#include "commands/answers_at_head.hpp"
#include "commands/service_tokens.hpp"

namespace keyledger::api::routes {
namespace {

using commands::Access;
using commands::CommandError;
using commands::Refusal;

constexpr JsonLimits kLimits{.depth = 16, .members = 64, .values = 8192, .fractions = true};

// ---- the question ----------------------------------------------------------------------------------------------
enum class SubjectType { kUser, kSession, kService };
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
struct Question {
    Subject subject;
    Resource resource;
    std::string action;
};

// An item's own part, or what stands beside the items for all of them.
std::string path_of(JsonFields& body, const std::string& prefix, const std::string& part) {
    const std::string own = prefix + part;
    return prefix.empty() || body.object(own) ? own : part;
}

Subject read_subject(JsonFields& body, const std::string& path) {
    Subject subject;
    const std::string type = body.required_string(path + ".type", kMaxSegmentBytes);
    subject.id = body.required_string(path + ".id", kMaxEvaluatedIdBytes);
    body.ignore(path + ".properties");
    if (type == "session") subject.type = SubjectType::kSession;
    if (type == "service_account") subject.type = SubjectType::kService;
    if (!type.empty() && type != "session" && type != "user" && type != "service_account")
        body.refuse(path + ".type", "Subjects are of type 'user', 'session' or 'service_account'.");
    return subject;
}

// One half of a permission.
std::string read_name(JsonFields& body, const std::string& path) {
    std::string name = body.required_string(path, kMaxSegmentBytes);
    if (!name.empty() && !concrete_permission(name, "x"))
        body.refuse(path, "Use lower-case letters, digits, '.', '_' and '-', a letter or digit first.");
    return name;
}

Resource read_resource(JsonFields& body, const std::string& path) {
    Resource resource;
    resource.type = read_name(body, path + ".type");
    resource.id = body.required_string(path + ".id", kMaxEvaluatedIdBytes);
    resource.owner = body.optional_string(path + ".properties.owner", kMaxEvaluatedIdBytes);
    body.ignore(path + ".properties");
    return resource;
}

std::string read_action(JsonFields& body, const std::string& path) {
    std::string name = read_name(body, path + ".name");
    body.ignore(path + ".properties");
    return name;
}

Question read_question(JsonFields& body, const std::string& prefix) {
    Question question;
    question.subject = read_subject(body, path_of(body, prefix, "subject"));
    question.resource = read_resource(body, path_of(body, prefix, "resource"));
    question.action = read_action(body, path_of(body, prefix, "action"));
    body.ignore(prefix + "context");
    return question;
}

// What stands beside the items: right, though every item may have its own.
void read_defaults(JsonFields& body) {
    if (body.object("subject")) read_subject(body, "subject");
    if (body.object("resource")) read_resource(body, "resource");
    if (body.object("action")) read_action(body, "action");
    body.ignore("context");
}

// ---- who asks --------------------------------------------------------------------------------------------------
// A client that was granted it asks about anybody; whoever has a token asks about himself.
struct Asker {
    std::optional<commands::AccessClaims> holder;  // empty: of anybody

    bool may_ask(const Subject& subject) const {
        if (!holder) return true;
        const auto id = Uuid::parse(subject.id);
        switch (subject.type) {
            case SubjectType::kUser: return !holder->service && id == holder->bearer.user_id;
            case SubjectType::kSession: return !holder->service && id == holder->bearer.session_id;
            case SubjectType::kService: return holder->service && id == holder->service->account_id;
        }
        return false;
    }
};

using Asking = boost::asio::awaitable<Result<Asker, Response>>;

// A service account's token may be one of a client that asks about anybody.
Asking asker_with_service_token(Context& context, const Request& request) {
    auto claims = authenticate_service(context, request);
    if (!claims) co_return Unexpected(claims.error());
    auto access = co_await commands::access_of_service_token(context.services, *claims->service, request.deadline);
    if (!access) co_return Unexpected(refuse(request, access.error()));
    const auto scope = access->still_held(claims->service->scope);
    if (PermissionSet::of_texts(scope).covers(commands::kEvaluateAccess)) co_return Asker{};
    Asker asker;
    asker.holder = std::move(*claims);
    co_return asker;
}

Asking asker_with_secret(Context& context, const Request& request) {
    auto basic = basic_credentials(request);
    if (!basic) co_return Unexpected(refuse_client(request));
    auto client = context.clients.authenticate(basic->id, basic->secret);
    const auto account_id = Uuid::parse(basic->id);
    if (!client && account_id) {
        auto proof = commands::proof_of_secret(*account_id, basic->secret);
        auto service = co_await commands::authenticate_service(context.services, std::move(proof), caller_of(request));
        if (!service) co_return Unexpected(refuse(request, service.error()));
        client = std::move(*service);
    }
    if (!client) co_return Unexpected(refuse_client(request));
    if (client->evaluates == commands::Evaluates::kAnybody) co_return Asker{};
    if (!client->service_account) co_return Unexpected(refuse(request, CommandError(Refusal::kForbidden)));
    Asker asker;
    asker.holder.emplace();
    asker.holder->service = commands::ServiceBearer{*client->service_account, {}};
    co_return asker;
}

Asking authenticate_asker(Context& context, const Request& request) {
    const auto token = bearer_token(request);
    if (!token) {
        auto client = co_await asker_with_secret(context, request);
        co_return client;
    }
    const auto read = context.tokens.read_access(*token);
    if (read && read->service) {
        auto service = co_await asker_with_service_token(context, request);
        co_return service;
    }
    auto claims = authenticate(context, request);
    if (!claims) co_return Unexpected(claims.error());
    Asker asker;
    asker.holder = std::move(*claims);
    co_return asker;
}

// ---- the answer ------------------------------------------------------------------------------------------------
using Learned = std::map<Subject, Access>;  // once a subject, of one request

commands::Answer<Access> learn(Context& context, const Asker& asker, Subject subject,
                                 commands::Deadline deadline) {
    commands::Services& services = context.services;
    const Uuid id = Uuid::parse(subject.id).value_or(Uuid{});
    if (subject.type == SubjectType::kService) {
        auto service = co_await commands::access_of_service(services, id, deadline);
        if (!service) co_return Unexpected(service.error());
        co_return std::move(service->held);
    }
    if (asker.holder) {
        auto own = co_await commands::access_of_holder(services, asker.holder->bearer, deadline);
        co_return own;
    }
    if (subject.type == SubjectType::kSession) {
        auto of_session = co_await commands::access_of_session(services, id, deadline);
        co_return of_session;
    }
    auto of_user = co_await commands::access_of_user(services, id, deadline);
    co_return of_user;
}

boost::asio::awaitable<Result<bool, CommandError>> decide(Context& context, const Asker& asker, Question question,
                                                          Learned& learned, commands::Deadline deadline) {
    if (!learned.contains(question.subject)) {
        auto access = co_await learn(context, asker, question.subject, deadline);
        if (!access) co_return Unexpected(access.error());
        learned.emplace(question.subject, std::move(*access));
    }
    const Access& access = learned.at(question.subject);
    const Resource& resource = question.resource;
    co_return access.decide({resource.type, question.action, resource.id, resource.owner});
}

void write_decision(JsonText& json, bool decision, const Access& access) {
    json.truth("decision", decision).begin_object("context").number("position", access.position).end_object();
}

Reply answer_one(Context& context, Request& request, Asker asker, Question question) {
    Learned learned;
    auto decision = co_await decide(context, asker, question, learned, request.deadline);
    if (!decision) co_return refuse(request, decision.error());
    JsonText json;
    write_decision(json, *decision, learned.at(question.subject));
    co_return api::json(200, json.finish());
}

}  // namespace

Reply evaluate(Context& context, Request& request) {
    auto asker = co_await authenticate_asker(context, request);
    if (!asker) co_return asker.error();
    JsonFields body(request, kLimits);
    const Question question = read_question(body, "");
    auto read = body.finish();
    if (!read) co_return read.error();
    if (!asker->may_ask(question.subject)) co_return refuse(request, CommandError(Refusal::kForbidden));
    Response response = co_await answer_one(context, request, *asker, question);
    co_return response;
}

Reply evaluate_all(Context& context, Request& request) {
    auto asker = co_await authenticate_asker(context, request);
    if (!asker) co_return asker.error();
    JsonFields body(request, kLimits);
    std::vector<Question> questions;
    const std::size_t count = body.object_list("evaluations", kMaxEvaluations);
    for (std::size_t i = 0; i < count; ++i)
        questions.push_back(read_question(body, "evaluations." + std::to_string(i) + '.'));
    // Section 7.1.1: what stands beside the items is their default, and without items the only question.
    if (count == 0)
        questions.push_back(read_question(body, ""));
    else
        read_defaults(body);
    std::string semantic = "execute_all";
    if (body.object("options"))
        semantic = body.optional_string("options.evaluations_semantic", 64).value_or(semantic);
    if (semantic != "execute_all" && semantic != "deny_on_first_deny" && semantic != "permit_on_first_permit")
        body.refuse("options.evaluations_semantic",
                    "Use 'execute_all', 'deny_on_first_deny' or 'permit_on_first_permit'.");
    auto read = body.finish();
    if (!read) co_return read.error();
    for (const Question& question : questions)
        if (!asker->may_ask(question.subject)) co_return refuse(request, CommandError(Refusal::kForbidden));
    if (count == 0) {
        Response response = co_await answer_one(context, request, *asker, questions.front());
        co_return response;
    }
    Learned learned;
    JsonText json;
    json.begin_array("evaluations");
    for (const Question& question : questions) {
        auto decision = co_await decide(context, *asker, question, learned, request.deadline);
        if (!decision) co_return refuse(request, decision.error());
        json.begin_object();
        write_decision(json, *decision, learned.at(question.subject));
        json.end_object();
        if (*decision ? semantic == "permit_on_first_permit" : semantic == "deny_on_first_deny") break;
    }
    json.end_array();
    co_return api::json(200, json.finish());
}

Reply authzen_configuration(Context& context, Request&) {
    const std::string& issuer = context.services.settings.issuer;
    JsonText json;
    json.text("policy_decision_point", issuer)
        .text("access_evaluation_endpoint", issuer + "/access/v1/evaluation")
        .text("access_evaluations_endpoint", issuer + "/access/v1/evaluations");
    Response response = api::json(200, json.finish());
    response.headers.add("Cache-Control", "public, max-age=300");
    co_return response;
}

}  // namespace keyledger::api::routes
