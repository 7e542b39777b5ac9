#include "api/routes/authzen.hpp"

#include "api/client_authentication.hpp"
#include "api/refusals.hpp"
#include "api/routes/authzen_routes.hpp"
#include "commands/rates.hpp"
#include "commands/service_tokens.hpp"

namespace keyledger::api::routes::authzen {
namespace {

using commands::Access;
using commands::CommandError;
using commands::Refusal;

// One half of a permission.
std::string read_name(JsonFields& body, const std::string& path) {
    std::string name = body.required_string(path, kMaxSegmentBytes);
    if (!name.empty() && !concrete_permission(name, "x"))
        body.refuse(path, "Use lower-case letters, digits, '.', '_' and '-', a letter or digit first.");
    return name;
}

}  // namespace

// ---- the question
// ----------------------------------------------------------------------------------------------
std::string_view name_of(SubjectType type) {
    switch (type) {
        case SubjectType::kUser:
            return "user";
        case SubjectType::kSession:
            return "session";
        case SubjectType::kService:
            return "service_account";
    }
    return "user";
}

SubjectType read_subject_type(JsonFields& body, const std::string& path) {
    const std::string type = body.required_string(path + ".type", kMaxSegmentBytes);
    for (const auto known : {SubjectType::kUser, SubjectType::kSession, SubjectType::kService})
        if (type == name_of(known)) return known;
    if (!type.empty())
        body.refuse(path + ".type", "Subjects are of type 'user', 'session' or 'service_account'.");
    return SubjectType::kUser;
}

Subject read_subject(JsonFields& body, const std::string& path) {
    Subject subject;
    subject.type = read_subject_type(body, path);
    subject.id = body.required_string(path + ".id", kMaxEvaluatedIdBytes);
    body.ignore(path + ".properties");
    return subject;
}

Resource read_resource_type(JsonFields& body, const std::string& path) {
    Resource resource;
    resource.type = read_name(body, path + ".type");
    resource.owner = body.optional_string(path + ".properties.owner", kMaxEvaluatedIdBytes);
    body.ignore(path + ".properties");
    return resource;
}

Resource read_resource(JsonFields& body, const std::string& path) {
    Resource resource = read_resource_type(body, path);
    resource.id = body.required_string(path + ".id", kMaxEvaluatedIdBytes);
    return resource;
}

std::string read_action(JsonFields& body, const std::string& path) {
    std::string name = read_name(body, path + ".name");
    body.ignore(path + ".properties");
    return name;
}

// ---- who asks
// --------------------------------------------------------------------------------------------------
bool Asker::may_ask(const Subject& subject) const {
    if (!holder) return true;
    const auto id = Uuid::parse(subject.id);
    switch (subject.type) {
        case SubjectType::kUser:
            return !holder->service && id == holder->bearer.user_id;
        case SubjectType::kSession:
            return !holder->service && id == holder->bearer.session_id;
        case SubjectType::kService:
            return holder->service && id == holder->service->account_id;
    }
    return false;
}

namespace {

using Asking = boost::asio::awaitable<Result<Asker, Response>>;

// A service account's token may be one of a client that asks about anybody.
Asking asker_with_service_token(Context& context, const Request& request) {
    auto claims = authenticate_service(context, request);
    if (!claims) co_return Unexpected(claims.error());
    auto access =
        co_await commands::access_of_service_token(context.services, *claims->service, request.deadline);
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
        auto service =
            co_await commands::authenticate_service(context.services, std::move(proof), caller_of(request));
        if (!service) co_return Unexpected(refuse(request, service.error()));
        client = std::move(*service);
    }
    if (!client) {
        const CommandError error =
            co_await commands::count_client_failure(context.services, caller_of(request));
        if (error.refusal == Refusal::kInvalidClient) co_return Unexpected(refuse_client(request));
        co_return Unexpected(refuse(request, error));
    }
    if (client->evaluates == commands::Evaluates::kAnybody) co_return Asker{};
    if (!client->service_account) co_return Unexpected(refuse(request, CommandError(Refusal::kForbidden)));
    Asker asker;
    asker.holder.emplace();
    asker.holder->service = commands::ServiceBearer{*client->service_account, {}};
    co_return asker;
}

}  // namespace

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
    auto claims = authenticate_to_ask(context, request);
    if (!claims) co_return Unexpected(claims.error());
    Asker asker;
    asker.holder = std::move(*claims);
    co_return asker;
}

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

}  // namespace keyledger::api::routes::authzen
