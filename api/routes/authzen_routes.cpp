#include "api/routes/authzen_routes.hpp"

#include <map>

#include "api/positions.hpp"
#include "api/refusals.hpp"
#include "api/routes/authzen.hpp"
#include "api/write_json.hpp"

namespace keyledger::api::routes {
namespace {

using namespace authzen;
using commands::Access;
using commands::CommandError;
using commands::Refusal;

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

using Learned = std::map<Subject, Access>;  // once a subject, of one request

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

void write_decision(JsonText& json, Context& context, bool decision, const Access& access) {
    const std::string position = position_for_callers(context, access.position);
    json.truth("decision", decision).begin_object("context").text("position", position).end_object();
}

Reply answer_one(Context& context, Request& request, Asker asker, Question question) {
    Learned learned;
    auto decision = co_await decide(context, asker, question, learned, request.deadline);
    if (!decision) co_return refuse(request, decision.error());
    JsonText json;
    write_decision(json, context, *decision, learned.at(question.subject));
    co_return api::json(200, json.finish());
}

}  // namespace

Reply evaluate(Context& context, Request& request) {
    auto asker = co_await authenticate_asker(context, request);
    if (!asker) co_return asker.error();
    JsonFields body(request, kQuestionLimits);
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
    JsonFields body(request, kQuestionLimits);
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
        write_decision(json, context, *decision, learned.at(question.subject));
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
        .text("access_evaluations_endpoint", issuer + "/access/v1/evaluations")
        .text("search_subject_endpoint", issuer + "/access/v1/search/subject")
        .text("search_resource_endpoint", issuer + "/access/v1/search/resource")
        .text("search_action_endpoint", issuer + "/access/v1/search/action");
    Response response = api::json(200, json.finish());
    response.headers.add("Cache-Control", "public, max-age=300");
    co_return response;
}

}  // namespace keyledger::api::routes
