// The routes, the problem types and openapi.json, held against each other.
#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <rapidjson/pointer.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "api/openapi/document.hpp"
#include "api/routes/refusals.hpp"
#include "api/routes/routes.hpp"
#include "api/wire/problem_types.hpp"
#include "domain/sessions/session.hpp"
#include "domain/users/user.hpp"
#include "eventstore/declarations.hpp"
#include "tests/support/http/openapi.hpp"

namespace keyledger::api {
namespace {

using test::OpenApi;

const OpenApi& document() {
    static const OpenApi kDocument(openapi_document());
    return kDocument;
}

std::set<OpenApi::Operation> routes_in_code() {
    std::set<OpenApi::Operation> operations;
    for (const auto& route : route_table())
        operations.insert(
            {std::string(route.operation), std::string(to_string(route.method)), std::string(route.path)});
    return operations;
}

template <class Set>
Set only_in(const Set& left, const Set& right) {
    Set difference;
    std::set_difference(left.begin(), left.end(), right.begin(), right.end(),
                        std::inserter(difference, difference.end()));
    return difference;
}

std::string words(const std::set<OpenApi::Operation>& operations) {
    std::string text;
    for (const auto& [id, method, path] : operations) text += "\n  " + id + ": " + method + " " + path;
    return text;
}

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// As the sources name them.
const std::map<std::string, RefusalKind>& kinds() {
    static const std::map<std::string, RefusalKind> kKinds{
        {"kInvalid", RefusalKind::kInvalid},         {"kUnsuitable", RefusalKind::kUnsuitable},
        {"kRejected", RefusalKind::kRejected},       {"kUnauthenticated", RefusalKind::kUnauthenticated},
        {"kForbidden", RefusalKind::kForbidden},     {"kUnknown", RefusalKind::kUnknown},
        {"kConflict", RefusalKind::kConflict},       {"kChanged", RefusalKind::kChanged},
        {"kMisusedKey", RefusalKind::kMisusedKey},   {"kTooMany", RefusalKind::kTooMany},
        {"kUnavailable", RefusalKind::kUnavailable}, {"kBroken", RefusalKind::kBroken},
        {"kTampered", RefusalKind::kTampered},
    };
    return kKinds;
}

struct Refusals {
    std::map<std::string, OpenApi::ProblemEntry> types;  // by slug
    std::size_t declared = 0;                            // constants, of which several may share a type
};

// All there are: they are declared where their rules stand, and in no list.
Refusals refusals_in_sources() {
    static const std::regex kType(R"re(RefusalKind::(k\w+),\s*"([^"]+)",\s*"([^"]+)")re");
    static const std::regex kConstant(R"re(constexpr Refusal k\w+)re");
    Refusals found;
    for (const char* folder : {"domain", "commands"})
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
            if (entry.path().extension() != ".hpp" && entry.path().extension() != ".cpp") continue;
            const std::string text = text_of(entry.path());
            const std::sregex_iterator end;
            found.declared +=
                static_cast<std::size_t>(std::distance(std::sregex_iterator(text.begin(), text.end(), kConstant), end));
            for (std::sregex_iterator match(text.begin(), text.end(), kType); match != end; ++match) {
                const auto kind = kinds().find((*match)[1]);
                if (kind == kinds().end()) {
                    ADD_FAILURE() << "RefusalKind::" << (*match)[1] << ": add it to kinds() here";
                    continue;
                }
                const OpenApi::ProblemEntry type{status_of(kind->second), (*match)[3]};
                const auto [at, is_new] = found.types.emplace((*match)[2], type);
                EXPECT_EQ(at->second.status, type.status) << "refusals of one slug differ: " << (*match)[2];
                EXPECT_EQ(at->second.title, type.title) << "refusals of one slug differ: " << (*match)[2];
            }
        }
    return found;
}

std::map<std::string, OpenApi::ProblemEntry> problems_in_code() {
    auto problems = refusals_in_sources().types;
    // These two are both: a command refuses in the words that the transport has.
    const std::set<std::string_view> shared{problems::kInvalidFields.slug, problems::kInternalError.slug};
    auto add = [&](const ProblemType& type) {
        const OpenApi::ProblemEntry entry{type.status, std::string(type.title)};
        const auto [at, is_new] = problems.emplace(type.slug, entry);
        EXPECT_TRUE(is_new || shared.contains(type.slug)) << "two problem types have the slug " << type.slug;
        EXPECT_EQ(at->second.status, type.status) << type.slug;
        EXPECT_EQ(at->second.title, type.title) << type.slug;
    };
    for (const ProblemType& type : kTransportProblems) add(type);
    for (const ProblemType& type : problems::kApiProblems) add(type);
    return problems;
}

// The schema of a body, by its name: of JSON, or of a form.
const rapidjson::Value* schema_of_body(const rapidjson::Value& operation) {
    for (const char* media : {"application~1json", "application~1x-www-form-urlencoded"}) {
        const std::string place = std::string("/requestBody/content/") + media + "/schema/$ref";
        if (const auto* schema = rapidjson::Pointer(place.c_str()).Get(operation)) return schema;
    }
    return nullptr;
}

// A password, a code of a second factor, or what goes on with half a log-in.
bool is_guessed(std::string_view member) {
    return member.find("password") != std::string_view::npos || member == "code" || member == "mfa_token";
}

// Whose bodies have such a member, as the document says it.
std::set<std::string> operations_that_take_a_password() {
    rapidjson::Document json;
    const auto text = openapi_document();
    json.Parse(text.data(), text.size());
    std::set<std::string> found;
    for (const auto& path : json["paths"].GetObject())
        for (const auto& operation : path.value.GetObject()) {
            // A line of these is a body of its own.
            if (rapidjson::Pointer("/requestBody/content/application~1x-ndjson").Get(operation.value))
                found.insert(operation.value["operationId"].GetString());
            const auto* schema = schema_of_body(operation.value);
            if (schema == nullptr) continue;
            const std::string place = std::string(schema->GetString()) + "/properties";
            const auto* members = rapidjson::Pointer(place.c_str()).Get(json);
            if (members == nullptr) continue;
            for (const auto& member : members->GetObject())
                if (is_guessed(member.name.GetString())) found.insert(operation.value["operationId"].GetString());
        }
    return found;
}

const rapidjson::Value& referred(const rapidjson::Document& json, const rapidjson::Value& schema) {
    if (!schema.HasMember("$ref")) return schema;
    return *rapidjson::Pointer(schema["$ref"].GetString()).Get(json);
}

// What an operation needs, in words: by the document, and by the route's row.
std::string needs_by_document(const rapidjson::Document& json, const OpenApi::Operation& operation) {
    const auto& path = json["paths"][operation.path.c_str()];
    std::string method = operation.method;
    std::ranges::transform(method, method.begin(), [](unsigned char c) { return std::tolower(c); });
    const auto& said = path[method.c_str()];
    const auto& security = said["security"];
    std::string words = security.Empty() ? "anybody" : security[0].MemberBegin()->name.GetString();
    std::set<std::string> parameters;
    for (const auto* of : {&path, &said})
        if (of->HasMember("parameters"))
            for (const auto& parameter : (*of)["parameters"].GetArray()) {
                const auto& one = referred(json, parameter);
                const std::string place = one["in"].GetString();
                parameters.insert(place == "header" ? one["name"].GetString() : place);
            }
    if (said.HasMember("requestBody")) words += ", body";
    if (parameters.contains("query")) words += ", query";
    if (parameters.contains("Keyledger-Min-Position")) words += ", read model";
    if (parameters.contains("Idempotency-Key")) words += ", key";
    if (parameters.contains("If-Match")) words += ", If-Match";
    return words;
}

// The scheme that the document names first.
std::string_view scheme_of(Authentication authentication) {
    switch (authentication) {
        case Authentication::kAnybody: return "anybody";
        case Authentication::kUser:
        case Authentication::kUserIfSealed:
        case Authentication::kService: return "bearer";
        case Authentication::kClient:
        case Authentication::kClientOrUser: return "client";
        case Authentication::kUserinfo: return "userinfo";
    }
    return "";
}

std::string needs_by_row(const RouteRow& row) {
    std::string words(scheme_of(row.authentication));
    if (row.needs.input == Input::kBody) words += ", body";
    if (row.needs.input == Input::kQuery) words += ", query";
    // Its handler waits by itself, behind what is wrong with the query.
    if (row.needs.model || row.operation == "listMySessions") words += ", read model";
    if (row.needs.idempotency_key != KeyScope::kNone) words += ", key";
    if (row.needs.if_match == IfMatch::kCompared) words += ", If-Match";
    return words;
}

bool takes_null(const rapidjson::Document& json, const rapidjson::Value& unread) {
    const auto& schema = referred(json, unread);
    if (schema.HasMember("oneOf"))
        return std::ranges::any_of(schema["oneOf"].GetArray(),
                                   [&](const auto& choice) { return takes_null(json, choice); });
    if (!schema.HasMember("type")) return true;
    const auto& type = schema["type"];
    if (type.IsString()) return type == "null";
    return std::ranges::any_of(type.GetArray(), [](const auto& one) { return one == "null"; });
}

// Of a body of ours: those that may be left out, and are not there only to be sent as they were read.
std::vector<std::string> optional_members_that_take_no_null(const rapidjson::Document& json,
                                                            const rapidjson::Value& schema) {
    std::set<std::string_view> required;
    if (schema.HasMember("required"))
        for (const auto& name : schema["required"].GetArray()) required.insert(name.GetString());
    std::vector<std::string> found;
    for (const auto& member : schema["properties"].GetObject()) {
        const bool only_read = referred(json, member.value).HasMember("readOnly");
        if (!required.contains(member.name.GetString()) && !only_read && !takes_null(json, member.value))
            found.emplace_back(member.name.GetString());
    }
    return found;
}

// A new route can't forget it: before work every one is limited, or says that there is none.
TEST(Routes, SayByWhatTheyAreLimited) {
    for (const RouteRow& row : route_table())
        EXPECT_NE(row.rate_limit, RateLimit::kUndeclared)
            << row.operation << ": add kPasswords, kClients, kOrdinary or kUnlimited to its row";
}

// Who may ask, what is read, and which headers count.
TEST(Routes, NeedWhatTheDocumentSays) {
    rapidjson::Document json;
    const auto text = openapi_document();
    json.Parse(text.data(), text.size());
    for (const RouteRow& row : route_table())
        if (const auto* operation = document().find(to_string(row.method), row.path)) {
            EXPECT_EQ(needs_by_row(row), needs_by_document(json, *operation))
                << row.operation << ": mend its row in api/routes/, or the operation in api/openapi/";
        }
}

// Whoever reads a password, or makes a hash, is limited by network on all nodes.
TEST(Routes, ThatTakeAPasswordAreLimitedOnAllNodes) {
    std::set<std::string> rate_limit;
    for (const auto& route : route_table())
        if (route.rate_limit == RateLimit::kPasswords) rate_limit.insert(std::string(route.operation));
    auto guessed = operations_that_take_a_password();
    guessed.erase("askForPasskey");  // opens the token that it takes, and compares nothing
    // What proves somebody by a signature, by what another provider says, or by what is sealed in a link or a cookie,
    // is no guess, and costs as much to look at.
    guessed.insert({"comeBackFromProvider", "enrolByPage", "factorByPasskeyPage", "findDeviceByPage",
                    "logInByLinkByPage", "logInByPasskey", "logInByPasskeyPage", "registerByProviderPage",
                    "registerPasskey", "registerPasskeyByPage"});
    EXPECT_EQ(rate_limit, guessed);
    const auto documented = document().documented();
    for (const std::string& operation : rate_limit)
        EXPECT_TRUE(documented.contains({operation, "429", "too-many-attempts"})) << operation;
}

TEST(OpenApiDocument, HasNoFaultOfItsOwn) {
    for (const std::string& fault : document().faults()) ADD_FAILURE() << fault << "\nMend it in api/openapi/.";
}

// The audit trail has an entry of every event, whatever aggregate it is of.
TEST(OpenApiDocument, LetsTheAuditTrailTellOfEveryAggregate) {
    rapidjson::Document json;
    const auto text = openapi_document();
    json.Parse(text.data(), text.size());
    const auto* listed =
        rapidjson::GetValueByPointer(json, "/components/schemas/AuditEntry/properties/stream_type/enum");
    ASSERT_NE(listed, nullptr);
    std::set<std::string> documented, declared;
    for (const auto& type : listed->GetArray()) documented.insert(type.GetString());
    for (const auto& aggregate : eventstore::aggregates()) declared.emplace(aggregate.stream_type);
    EXPECT_EQ(documented, declared) << "mend it in api/openapi/audit.json";
}

template <std::size_t... I>
std::set<std::string> words_for_sessions_that_events_of_users_end(std::index_sequence<I...>) {
    std::set<std::string> words;
    for (const UserEvent& event : {UserEvent(std::in_place_index<I>)...})
        if (const auto end = end_of_sessions(event)) words.emplace(end->reason);
    return words;
}

TEST(OpenApiDocument, NamesEveryWayInWhichASessionEnds) {
    rapidjson::Document json;
    const auto text = openapi_document();
    json.Parse(text.data(), text.size());
    const auto* listed = rapidjson::GetValueByPointer(json, "/components/schemas/Session/properties/end_reason/enum");
    ASSERT_NE(listed, nullptr);
    std::set<std::string> documented;
    for (const auto& word : listed->GetArray())
        if (word.IsString()) documented.insert(word.GetString());
    std::set<std::string> declared =
        words_for_sessions_that_events_of_users_end(std::make_index_sequence<std::variant_size_v<UserEvent>>());
    for (const auto& [value, word] : enum_names(SessionEndReason{})) declared.emplace(word);
    declared.insert({"expired", "idle"});  // by the clock, without an event
    EXPECT_EQ(documented, declared) << "mend it in api/openapi/sessions.json";
}

// JsonFields reads null as if the member were not there.
TEST(OpenApiDocument, SaysThatNullIsAsGoodAsNothing) {
    rapidjson::Document json;
    const auto text = openapi_document();
    json.Parse(text.data(), text.size());
    int bodies = 0;
    for (const auto& path : json["paths"].GetObject())
        for (const auto& operation : path.value.GetObject()) {
            const rapidjson::Pointer place("/requestBody/content/application~1json/schema");
            const auto* body = place.Get(operation.value);
            if (body == nullptr) continue;
            const auto& schema = referred(json, *body);
            if (!schema.HasMember("additionalProperties") || schema["additionalProperties"].IsTrue()) continue;
            ++bodies;
            EXPECT_EQ(optional_members_that_take_no_null(json, schema), std::vector<std::string>{})
                << operation.value["operationId"].GetString();
        }
    EXPECT_GT(bodies, 10);
}

TEST(OpenApiDocument, HasEveryRouteAndNoOther) {
    const auto& operations = document().operations();
    const std::set<OpenApi::Operation> documented(operations.begin(), operations.end());
    EXPECT_EQ(documented.size(), operations.size()) << "an operation is there twice";
    EXPECT_EQ(words(only_in(routes_in_code(), documented)), "")
        << "Describe these routes in the file of their subject in api/openapi/.";
    EXPECT_EQ(words(only_in(documented, routes_in_code())), "")
        << "These have no row in api/routes/: add it, or remove them from api/openapi/.";
}

// Or the test below would look at nothing.
TEST(Refusals, AreFoundInTheSources) {
    const Refusals found = refusals_in_sources();
    EXPECT_GE(found.declared, 67U);
    EXPECT_GE(found.types.size(), 35U);
    EXPECT_EQ(found.types.at("group-unknown").status, 404);
    EXPECT_EQ(found.types.at("limit-reached").title, "Limit reached");
}

TEST(OpenApiDocument, HasEveryProblemTypeWithItsStatusAndTitle) {
    const auto in_code = problems_in_code();
    for (const auto& [slug, entry] : in_code) {
        const auto found = document().problems().find(slug);
        if (found == document().problems().end()) {
            ADD_FAILURE() << "Describe '" << slug << "' in components.x-problems of a file in api/openapi/.";
            continue;
        }
        EXPECT_EQ(found->second.status, entry.status) << "of " << slug;
        EXPECT_EQ(found->second.title, entry.title) << "of " << slug;
    }
    for (const auto& [slug, entry] : document().problems())
        EXPECT_TRUE(in_code.contains(slug))
            << "'" << slug
            << "' is no refusal, and in no list of api/wire/problem.hpp and problem_types.hpp; remove it.";
}

TEST(OpenApiDocument, SaysWhereEachProblemTypeIsAnswered) {
    const auto answered = document().answered_problems();
    for (const auto& [slug, entry] : document().problems())
        EXPECT_TRUE(answered.contains(slug)) << "List '" << slug << "' in x-problem-types of the answers that have it.";
}

TEST(OpenApiDocument, GivesEveryOperationAnAnswerForFaultsAndForTheListener) {
    const auto documented = document().documented();
    for (const auto& operation : document().operations())
        for (const char* status : {"500", "default"})
            EXPECT_TRUE(documented.contains({operation.id, status, "internal-error"}))
                << operation.id << " lacks " << status;
}

TEST(OpenApiChecker, RefusesWhatIsNotDocumented) {
    const auto* show_me = document().find("GET", "/api/v1/auth/me?x=1");
    ASSERT_NE(show_me, nullptr);
    const test::HttpHeaders usual{
        {"X-Request-Id", "r1"}, {"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}};
    auto answer = [&](int status, const std::string& media, const std::string& body) {
        test::HttpResponse made{status, usual, body};
        made.headers.emplace_back("Content-Type", media);
        if (status == 401) made.headers.emplace_back("WWW-Authenticate", "Bearer");
        return document().violations(show_me, "GET", made);
    };
    const std::string problem = "application/problem+json";
    const std::string refused =
        R"({"type":"urn:keyledger:problem:invalid-token","title":"Token not accepted","status":401,)"
        R"("detail":"d","request_id":"r1"})";
    EXPECT_EQ(answer(401, problem, refused), std::vector<std::string>{});
    EXPECT_NE(answer(418, problem, refused), std::vector<std::string>{}) << "a status of its own";
    EXPECT_NE(answer(400, problem, refused), std::vector<std::string>{}) << "a type of another status";
    EXPECT_NE(answer(401, "application/json", refused), std::vector<std::string>{}) << "another media type";
    EXPECT_NE(answer(200, "application/json", R"({"id":"x"})"), std::vector<std::string>{}) << "another body";
    std::string more = refused;
    more.replace(0, 1, R"({"extra":1,)");
    EXPECT_NE(answer(401, problem, more), std::vector<std::string>{}) << "a member that is not documented";
    std::string other_id = refused;
    other_id.replace(other_id.find("r1"), 2, "r2");
    EXPECT_NE(answer(401, problem, other_id), std::vector<std::string>{}) << "another request's id";
}

TEST(OpenApiChecker, FindsTheOperationByItsPath) {
    auto id_of = [](std::string_view method, std::string_view target) {
        const auto* found = document().find(method, target);
        return found == nullptr ? std::string("none") : found->id;
    };
    EXPECT_EQ(id_of("GET", "/api/v1/admin/users/01890a5d-ac96-774b-bcce-b302099a8057"), "showUser");
    EXPECT_EQ(id_of("HEAD", "/health/live"), "healthLive");
    EXPECT_EQ(id_of("DELETE", "/api/v1/auth/sessions"), "endMySessions");
    EXPECT_EQ(id_of("DELETE", "/api/v1/auth/sessions/x"), "endMySession");
    EXPECT_EQ(id_of("PATCH", "/api/v1/auth/me"), "none");
    EXPECT_EQ(id_of("GET", "/nowhere"), "none");
}

}  // namespace
}  // namespace keyledger::api
