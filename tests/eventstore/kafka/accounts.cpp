#include "tests/eventstore/kafka/accounts.hpp"

namespace keyledger::test {
namespace {

// As ScriptedLog gives them: a millisecond an event.
Instant time_of(Position position) { return Instant::at_ms(1'700'000'000'000 + position - 1); }

std::string quoted_or_null(const std::string& text) { return text.empty() ? "null" : "\"" + text + "\""; }

}  // namespace

Uuid Accounts::new_id() {
    Uuid id;
    for (std::uint8_t& byte : id.bytes) byte = static_cast<std::uint8_t>(random_());
    return id;
}

void Accounts::grow(ScriptedLog& log, int events) {
    const Position end = log.size() + events;
    while (log.size() < end) step(log);
}

Position Accounts::append(ScriptedLog& log, const char* stream, const std::string& id, const char* type,
                          const std::string& payload) {
    log.append(stream, *Uuid::parse(id), type, payload);
    std::erase_if(live, [&](const auto& one) { return one.second.expires_at <= time_of(log.size()); });
    return log.size();
}

void Accounts::end_all(const std::string& user, const std::string& kept) {
    std::erase_if(live, [&](const auto& one) { return one.second.user == user && one.first != kept; });
    std::erase_if(open, [&](const auto& one) {
        const bool ends = one.second == user && one.first != kept;
        if (ends) ended.insert(one.first);
        return ends;
    });
}

void Accounts::start_session(ScriptedLog& log, const std::string& user) {
    const std::string id = new_id().to_string();
    const Instant expires_at = time_of(log.size() + 1) + milliseconds(1 + random_() % 400);
    const Position position =
        append(log, "session", id, "session.started",
               R"({"audiences":["https://api.example"],"authenticated_at_ms":1,"browser_session_id":null,"city":null,)"
               R"("client_id":"portal","country":null,"device":"d","device_id":null,"expires_at_ms":)" +
                   std::to_string(expires_at.ms()) +
                   R"(,"methods":["pwd"],"risk":0,"scope":[],"security_stamp":0,"user_id":")" + user + "\"}");
    live[id] = {user, position, expires_at};
    open[id] = user;
}

void Accounts::step(ScriptedLog& log) {
    const auto what = random_() % 22;
    if (status.size() < 3 || what == 0) {
        const std::string id = new_id().to_string();
        append(log, "user", id, "user.registered", R"({"email":"s","name":null,"username":null})");
        status[id] = "active";
        return;
    }
    const std::string user = any(status);
    std::string kept;
    for (const auto& [id, session] : live)
        if (session.user == user && random_() % 2 == 0) kept = id;
    if (what < 9 || live.empty()) return start_session(log, user);
    if (what < 13) {
        const std::string id = any(live);
        append(log, "session", id, "session.refreshed", R"({"device":"d","generation":2})");
    } else if (what < 16) {
        const std::string id = any(live);
        append(log, "session", id, "session.ended", R"({"reason":"logged_out"})");
        live.erase(id);
        open.erase(id);
        ended.insert(id);
    } else if (what == 16) {
        append(log, "user", user, "user.sessions_revoked", "{\"kept_session\":" + quoted_or_null(kept) + "}");
        end_all(user, kept);
    } else if (what == 17) {
        append(log, "user", user, "user.profile_updated", R"({"name":"s","username":null})");
    } else if (what == 18) {
        append(log, "user", user, "user.disabled", R"({"reason":""})");
        status[user] = "disabled";
        end_all(user, "");
    } else if (what == 19) {
        append(log, "user", user, "user.erasure_requested", R"({"due_at_ms":1700000000000})");
        end_all(user, "");
        if (random_() % 2 == 0) return void(append(log, "user", user, "user.erasure_withdrawn", "{}"));
        append(log, "user", user, "user.erased", "{}");
        status.erase(user);
    } else {
        append(log, "user", user, "user.enabled", "{}");
        status[user] = "active";
    }
}

}  // namespace keyledger::test
