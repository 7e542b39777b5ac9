#include "api/routes/authzen/authzen.hpp"

#include <algorithm>

#include "api/routes/bearer_tokens.hpp"
#include "api/routes/oauth/client_authentication.hpp"
#include "api/routes/positions.hpp"
#include "api/routes/refusals.hpp"
#include "commands/clients/service_tokens.hpp"
#include "commands/limits/rates.hpp"

namespace keyledger::api::routes::authzen {
namespace {

using commands::CommandError;

constexpr std::pair<std::string_view, SubjectReferenceType> kSubjectTypes[] = {
    {"user", SubjectReferenceType::kUser},
    {"session", SubjectReferenceType::kSession},
    {"service_account", SubjectReferenceType::kService}};

std::string read_name(QuestionFields& body, const std::string& path) {
    return body.required_string(path, kMaxEvaluatedIdBytes);
}

// Properties are whatever the one who asks keeps there. An owner that is no text is nobody known here.
Resource read_owner(QuestionFields& body, const std::string& path) {
    Resource resource;
    const std::size_t before = body.errors();
    resource.owner = body.optional_string(path + ".properties." + body.owner_property(), kMaxEvaluatedIdBytes);
    body.take_errors(before);
    return resource;
}

}  // namespace

// ---- the question -----------------------------------------------------------------------------------------
SubjectReference read_subject_type(QuestionFields& body, const std::string& path) {
    SubjectReference subject{SubjectReferenceType::kOther, read_name(body, path + ".type"), {}};
    for (const auto& [name, type] : kSubjectTypes)
        if (subject.type_name == name) subject.type = type;
    return subject;
}

SubjectReference read_subject(QuestionFields& body, const std::string& path, const std::string& typed) {
    SubjectReference subject = read_subject_type(body, typed.empty() ? path : typed);
    subject.id = read_name(body, path + ".id");
    return subject;
}

Resource read_resource_type(QuestionFields& body, const std::string& path) {
    Resource resource = read_owner(body, path);
    resource.type = read_name(body, path + ".type");
    return resource;
}

Resource read_resource(QuestionFields& body, const std::string& path, const std::string& typed) {
    Resource resource = read_owner(body, path);
    resource.type = read_name(body, (typed.empty() ? path : typed) + ".type");
    resource.id = read_name(body, path + ".id");
    return resource;
}

Action read_action(QuestionFields& body, const std::string& path) {
    return {read_name(body, path + ".name"), body.plain_members(path + ".properties")};
}

// A name that says a property itself asks for the action with it.
Question::Question(const Resource& resource, const Action& asked)
    : type(name_in_permission(resource.type)), instance(instance_in_permission(resource.id)), owner(resource.owner) {
    const std::string whole = name_in_permission(asked.name);
    action = unqualified(whole);
    if (action != whole) qualified.push_back(whole);
    const std::string name = text_of_part(action);
    for (const auto& [property, value] : asked.properties)
        if (auto with = qualified_action(name, property, value)) qualified.push_back(std::move(*with));
    std::ranges::sort(qualified);
}

// ---- who asks ---------------------------------------------------------------------------------------------
bool Requester::may_ask(const SubjectReference& subject) const {
    if (!holder) return true;
    const auto id = Uuid::parse(subject.id);
    switch (subject.type) {
        case SubjectReferenceType::kUser: return !holder->service && id == holder->bearer.user_id;
        case SubjectReferenceType::kSession: return !holder->service && id == holder->bearer.session_id;
        case SubjectReferenceType::kService: return holder->service && id == holder->service->account_id;
        case SubjectReferenceType::kOther: return false;
    }
    return false;
}

namespace {

using Asking = boost::asio::awaitable<Result<Requester, Response>>;

// A user asks about themselves. A service account's token may be one of a client that asks about anybody.
Asking asker_with_token(Context& context, const Request& request) {
    auto claims = holder_of_token(context, request);
    if (!claims) co_return Unexpected(claims.error());
    Requester requester{std::move(*claims)};
    const auto& service = requester.holder->service;
    if (!service) co_return requester;
    auto access = co_await commands::access_of_service_token(context.services, *service, request.deadline);
    if (!access) co_return Unexpected(refuse(request, access.error()));
    const auto scope = access->still_held(service->scope);
    if (PermissionSet::of_texts(scope).covers(commands::kEvaluateAccess)) co_return Requester{};
    co_return requester;
}

Asking asker_with_secret(Context& context, const Request& request) {
    auto basic = basic_credentials(request);
    if (!basic) co_return Unexpected(refuse_client(request));
    auto client = context.clients.authenticate(basic->id, basic->secret);
    const auto client_id = Uuid::parse(basic->id);
    if (!client && client_id) {
        auto proof = commands::proof_of_secret(*client_id, basic->secret);
        auto service = co_await commands::authenticate_client(context.services, std::move(proof), caller_of(request));
        if (!service) co_return Unexpected(refuse(request, service.error()));
        client = std::make_shared<const commands::Client>(std::move(*service));
    }
    if (!client) {
        const CommandError error = co_await commands::count_client_failure(context.services, caller_of(request));
        if (error.refusal == refusals::kInvalidClient) co_return Unexpected(refuse_client(request));
        co_return Unexpected(refuse(request, error));
    }
    if (client->evaluation_right == commands::EvaluationRight::kAnybody) co_return Requester{};
    if (!client->service_account) co_return Unexpected(refuse(request, CommandError(refusals::kForbidden)));
    auto itself = std::make_shared<commands::AccessClaims>();
    itself->service = commands::ServiceBearer{*client->service_account, {}};
    Requester requester;
    requester.holder = std::move(itself);
    co_return requester;
}

commands::Answer<SubjectAccess> held_by_service(commands::Services& services, ServiceAccountId account_id,
                                                commands::Deadline deadline) {
    auto service = co_await commands::access_of_service(services, account_id, deadline);
    if (!service) co_return Unexpected(service.error());
    co_return std::move(service->held);
}

}  // namespace

Asking authenticate_requester(Context& context, const Request& request) {
    if (!bearer_token(request)) return asker_with_secret(context, request);
    return asker_with_token(context, request);
}

Response answer_at(Context& context, JsonText& json, Position position) {
    Response response = api::json(200, json.finish());
    response.headers.add("Keyledger-Position", position_for_callers(context, position));
    return response;
}

commands::Answer<SubjectAccess> access_of_subject(Context& context, const Requester& requester,
                                                  SubjectReference subject, commands::Deadline deadline) {
    commands::Services& services = context.services;
    const Uuid id = Uuid::parse(subject.id).value_or(Uuid{});
    if (subject.type == SubjectReferenceType::kService)
        return held_by_service(services, ServiceAccountId{id}, deadline);
    if (requester.holder) return commands::access_of_bearer(services, requester.holder->bearer, deadline);
    if (subject.type == SubjectReferenceType::kSession)
        return commands::access_of_session(services, SessionId{id}, deadline);
    if (subject.type == SubjectReferenceType::kUser && id.is_nil()) {
        const auto kind = commands::kind_of_user_name(subject.id, context.subject_name_kinds);
        if (kind)
            return commands::access_of_user_named(services, context.claim_owners, *kind, std::move(subject.id),
                                                  deadline);
    }
    const UserId user_id = subject.type == SubjectReferenceType::kUser ? UserId{id} : UserId{};
    return commands::access_of_user(services, user_id, deadline);
}

commands::Answer<std::optional<std::string>> owner_by_id(Context& context, const Requester& requester,
                                                         std::optional<std::string> owner,
                                                         commands::Deadline deadline) {
    if (requester.holder || !owner || Uuid::parse(*owner)) co_return owner;
    const auto kind = commands::kind_of_user_name(*owner, context.subject_name_kinds);
    if (!kind) co_return owner;
    auto called =
        co_await commands::access_of_user_named(context.services, context.claim_owners, *kind, *owner, deadline);
    if (!called) co_return Unexpected(called.error());
    if (!called->subject_id.is_nil()) owner = called->subject_id.to_string();
    co_return owner;
}

}  // namespace keyledger::api::routes::authzen
