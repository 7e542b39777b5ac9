#include "app/import/import_line.hpp"

#include <rapidjson/document.h>

#include "api/wire/read_json.hpp"
#include "api/wire/write_json.hpp"
#include "domain/users/identity.hpp"
#include "security/passwords/imported_hash.hpp"

namespace keyledger::app {
namespace {

constexpr std::size_t kMaxTimeBytes = 64;
constexpr std::size_t kMaxLocaleBytes = 64;
constexpr std::size_t kMaxRoleBytes = 256;

// As the API's readers of bodies say it, in one line.
std::string sentence_of(const api::Response& refused) {
    rapidjson::Document problem;
    problem.Parse(refused.body.data(), refused.body.size());
    if (problem.HasParseError() || !problem.IsObject()) return "it can't be read";
    std::string sentence;
    if (problem.HasMember("errors") && problem["errors"].IsArray())
        for (const auto& error : problem["errors"].GetArray())
            sentence += std::string(sentence.empty() ? "" : "; ") + error["field"].GetString() + ' ' +
                        error["detail"].GetString();
    if (sentence.empty() && problem.HasMember("detail")) sentence = problem["detail"].GetString();
    return sentence;
}

std::string_view told_of(security::ImportedHashFault fault) {
    switch (fault) {
        case security::ImportedHashFault::kUnknownForm: return "is in no form that is known";
        case security::ImportedHashFault::kMalformed: return "is not whole";
        case security::ImportedHashFault::kTooCostly: return "takes too long or too much memory to try";
    }
    return "is not whole";
}

void read_hash(api::JsonFields& fields, ImportLine& line) {
    const auto text = fields.optional_string("hash", security::kMaxImportedHashSize);
    if (!text) return;
    const auto hash = security::read_imported_hash(*text);
    if (!hash) return fields.refuse("hash", std::string(told_of(hash.error())));
    line.cost = security::cost_of(*hash);
    line.decoy = security::decoy_like(*hash);
    line.user.hash = Secret::take(std::string(security::kImportedPrefix) + *text);
}

}  // namespace

Result<ImportLine, std::string> read_import_line(std::string_view text) {
    api::Request request;
    request.body = text;
    request.headers.add("Content-Type", "application/json");
    api::JsonFields fields(request);
    ImportLine line;
    line.user.email = fields.required_string("email", kMaxEmailBytes);
    line.user.username = fields.optional_string("username", kMaxTypedUsernameBytes);
    line.user.name = fields.optional_string("name", kMaxTypedNameBytes);
    line.user.locale = fields.optional_string("locale", kMaxLocaleBytes);
    if (fields.optional_bool("email_verified").value_or(false)) line.user.address = EmailAtImport::kProven;
    if (fields.optional_bool("disabled").value_or(false)) line.user.status = StatusAtImport::kDisabled;
    read_hash(fields, line);
    if (const auto time = fields.optional_string("created_at", kMaxTimeBytes)) {
        line.user.registered_at = api::parse_rfc3339(*time);
        if (!line.user.registered_at) fields.refuse("created_at", "must be a time such as 2024-05-01T12:00:00Z");
    }
    line.roles = fields.string_list("roles", kMaxImportRoles, kMaxRoleBytes);
    line.has_metadata = fields.has("metadata");
    fields.ignore("metadata");
    auto read = fields.finish();
    Secret::wipe(request.body);
    if (!read) return Unexpected(sentence_of(read.error()));
    return line;
}

}  // namespace keyledger::app
