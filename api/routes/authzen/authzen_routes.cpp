// OpenID AuthZEN Authorization API 1.0: may this subject do that? Answered at the head of the log (I8).

#include <algorithm>
#include <map>

#include "api/routes/authzen/authzen.hpp"
#include "api/routes/call.hpp"
#include "api/wire/write_json.hpp"

namespace keyledger::api::routes {
namespace {

using namespace authzen;
using commands::CommandError;

struct Evaluation {
    SubjectReference subject;
    Resource resource;
    Action action;
    std::vector<FieldError> errors;  // of an item: what keeps it from being asked
};

// An item's own part, or what stands beside the items for all of them.
std::string path_of(QuestionFields& body, const std::string& prefix, const std::string& part) {
    const std::string own = prefix + part;
    return prefix.empty() || body.object(own) ? own : part;
}

// A default that is a type alone stands for the type of items that are an id alone. A whole one stands for what an
// item does not have at all, and for no part of what it has.
std::string typed_by(QuestionFields& body, const std::string& own, const std::string& part) {
    const bool is_type_alone = body.has(part + ".type") && !body.has(part + ".id");
    return own != part && !body.has(own + ".type") && is_type_alone ? part : own;
}

Evaluation read_evaluation(QuestionFields& body, const std::string& prefix) {
    Evaluation one;
    const std::string subject = path_of(body, prefix, "subject");
    const std::string resource = path_of(body, prefix, "resource");
    one.subject = read_subject(body, subject, typed_by(body, subject, "subject"));
    one.resource = read_resource(body, resource, typed_by(body, resource, "resource"));
    one.action = read_action(body, path_of(body, prefix, "action"));
    return one;
}

// Section 7.2.1: what is wrong with an item is told in its own answer, and the others are answered.
Evaluation read_item(QuestionFields& body, const std::string& item) {
    const std::size_t before = body.errors();
    if (!body.object(item) && body.errors() == before) body.refuse(item, "must be an object");
    Evaluation one;
    if (body.errors() == before) one = read_evaluation(body, item + '.');
    one.errors = body.take_errors(before);
    return one;
}

// What stands beside the items: right, though every item may have its own.
void read_defaults(QuestionFields& body) {
    if (body.object("subject")) read_subject_type(body, "subject");
    if (body.has("subject.id")) read_subject(body, "subject");
    if (body.object("resource")) read_resource_type(body, "resource");
    if (body.has("resource.id")) read_resource(body, "resource");
    if (body.object("action")) read_action(body, "action");
}

enum class Semantic { kExecuteAll, kDenyOnFirstDeny, kPermitOnFirstPermit };

Semantic read_semantic(QuestionFields& body) {
    constexpr std::pair<std::string_view, Semantic> kKnown[] = {
        {"execute_all", Semantic::kExecuteAll},
        {"deny_on_first_deny", Semantic::kDenyOnFirstDeny},
        {"permit_on_first_permit", Semantic::kPermitOnFirstPermit}};
    if (!body.object("options")) return Semantic::kExecuteAll;
    const auto given = body.optional_string("options.evaluations_semantic", 64);
    for (const auto& [name, semantic] : kKnown)
        if (!given || *given == name) return semantic;
    body.refuse("options.evaluations_semantic", "Use 'execute_all', 'deny_on_first_deny' or 'permit_on_first_permit'.");
    return Semantic::kExecuteAll;
}

using Learned = std::map<SubjectReference, SubjectAccess>;  // once a subject, of one request

// `access`: of its subject.
boost::asio::awaitable<Result<bool, CommandError>> decide(Context& context, const Requester& requester,
                                                          const Evaluation& one, const SubjectAccess& access,
                                                          commands::Deadline deadline) {
    Question question(one.resource, one.action);
    if (question.owner) {
        auto owner = co_await owner_by_id(context, requester, question.owner, deadline);
        if (!owner) co_return Unexpected(owner.error());
        question.owner = std::move(*owner);
    }
    co_return access.decide(question.asked());
}

void write_refusal(JsonText& json, const std::vector<FieldError>& errors) {
    std::string message;
    for (const FieldError& error : errors)
        message.append(message.empty() ? "" : "; ").append(error.field).append(" ").append(error.detail);
    json.boolean("decision", false).begin_object("context").begin_object("error");
    json.number("status", 400).text("message", message).end_object().end_object();
}

Reply answer_one(Call& call, Requester requester, Evaluation one) {
    const auto access = co_await access_of_subject(call.context, requester, one.subject, call.request.deadline);
    if (!access) co_return refuse(call, access.error());
    auto decision = co_await decide(call.context, requester, one, *access, call.request.deadline);
    if (!decision) co_return refuse(call, decision.error());
    JsonText json;
    json.boolean("decision", *decision);
    co_return answer_at(call.context, json, access->position);
}

Reply answer_all(Call& call, Requester requester, std::vector<Evaluation> all, Semantic semantic) {
    Learned learned;
    Position position = 0;  // of what was looked at last
    JsonText json;
    json.begin_array("evaluations");
    for (const Evaluation& one : all) {
        bool permitted = false;
        json.begin_object();
        if (one.errors.empty()) {
            if (!learned.contains(one.subject)) {
                auto access = co_await access_of_subject(call.context, requester, one.subject, call.request.deadline);
                if (!access) co_return refuse(call, access.error());
                learned.emplace(one.subject, std::move(*access));
            }
            const SubjectAccess& access = learned.at(one.subject);
            auto decision = co_await decide(call.context, requester, one, access, call.request.deadline);
            if (!decision) co_return refuse(call, decision.error());
            permitted = *decision;
            position = std::max(position, access.position);
            json.boolean("decision", permitted);
        } else {
            write_refusal(json, one.errors);
        }
        json.end_object();
        if (semantic == (permitted ? Semantic::kPermitOnFirstPermit : Semantic::kDenyOnFirstDeny)) break;
    }
    json.end_array();
    if (position == 0) co_return api::json(200, json.finish());
    co_return answer_at(call.context, json, position);
}

Reply evaluate(Call& call) {
    auto requester = co_await authenticate_requester(call.context, call.request);
    if (!requester) co_return requester.error();
    QuestionFields body(call.context, call.request);
    Evaluation one = read_evaluation(body, "");
    auto read = body.finish();
    if (!read) co_return read.error();
    if (!requester->may_ask(one.subject)) co_return refuse(call, CommandError(refusals::kForbidden));
    Response response = co_await answer_one(call, *requester, std::move(one));
    co_return response;
}

Reply evaluate_all(Call& call) {
    auto requester = co_await authenticate_requester(call.context, call.request);
    if (!requester) co_return requester.error();
    QuestionFields body(call.context, call.request);
    std::vector<Evaluation> all;
    const std::size_t count = body.list("evaluations", kMaxEvaluations);
    for (std::size_t i = 0; i < count; ++i) all.push_back(read_item(body, "evaluations." + std::to_string(i)));
    // Section 7.1.1: what stands beside the items is their default, and without items the only question.
    if (count == 0) all.push_back(read_evaluation(body, ""));
    else read_defaults(body);
    const Semantic semantic = read_semantic(body);
    auto read = body.finish();
    if (!read) co_return read.error();
    for (const Evaluation& one : all)
        if (one.errors.empty() && !requester->may_ask(one.subject))
            co_return refuse(call, CommandError(refusals::kForbidden));
    if (count == 0) {
        Response response = co_await answer_one(call, *requester, std::move(all.front()));
        co_return response;
    }
    Response response = co_await answer_all(call, *requester, std::move(all), semantic);
    co_return response;
}

Reply authzen_configuration(Call& call) {
    const std::string& issuer = call.services().settings.issuer;
    JsonText json;
    json.text("policy_decision_point", issuer)
        .text("access_evaluation_endpoint", issuer + "/access/v1/evaluation")
        .text("access_evaluations_endpoint", issuer + "/access/v1/evaluations")
        .text("search_subject_endpoint", issuer + "/access/v1/search/subject")
        .text("search_resource_endpoint", issuer + "/access/v1/search/resource")
        .text("search_action_endpoint", issuer + "/access/v1/search/action");
    Response response = api::json(200, json.finish());
    response.headers.add("Cache-Control", "public, max-age=300");
    co_return response;
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"evaluate", kPost, "/access/v1/evaluation", evaluate, kClients, kClientOrUser, {.input = Input::kBody}},
    {"evaluateAll", kPost, "/access/v1/evaluations", evaluate_all, kClients, kClientOrUser, {.input = Input::kBody}},
    {"authzenConfiguration", kGet, "/.well-known/authzen-configuration", authzen_configuration, kUnlimited, kAnybody},
};
// clang-format on

}  // namespace

RouteTable authzen_routes() { return kRows; }

}  // namespace keyledger::api::routes
