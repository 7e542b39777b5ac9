#pragma once
// What a session that an application holds rests on, beside its own stream and its user's: the application, the user's
// consent, and the session of the browser in which it began. Whoever asks about such a session folds those, too; hot
// models keep of them only what was withdrawn. Pure.
//
// A browser session's end ends what began in it, and its expiry does not: whoever closes a laptop for a month is not
// logged out of what they use elsewhere.
#include <optional>
#include <string_view>

#include "domain/base/application_id.hpp"
#include "domain/base/id.hpp"

namespace keyledger {

struct Application;
struct Consent;
struct Session;
enum class SessionEndReason;

// The client that holds the sessions of browsers: nobody has tokens of it, a cookie names them.
inline constexpr std::string_view kBrowserClientId = "keyledger-browser";

// The application that holds the session; nullopt: a client of the configuration does, which rests on nothing more.
std::optional<ApplicationId> application_of(const Session& session);

struct SessionGrounds {
    const Application& application;
    const Consent& consent;          // absent where the application is the operator's own
    const Session& browser_session;  // absent where the session names none
};
// Whether all of them still hold.
bool holds(const Session& session, const SessionGrounds& grounds);
// Which of them does not; nullopt: all do.
std::optional<SessionEndReason> what_ended(const Session& session, const SessionGrounds& grounds);

}  // namespace keyledger
