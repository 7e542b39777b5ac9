#include "bench/past.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "domain/sessions/grounds.hpp"
#include "eventstore/codec/envelope.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::bench {
namespace {

using eventstore::Append;
using eventstore::SubjectKeyPtr;

constexpr std::size_t kRoles = 20;
constexpr std::string_view kPasswordKind = "password";
// What people do once they are registered, in thousandths; what is left over is refreshing.
constexpr std::size_t kLogIn = 300, kLogOut = 70, kMistype = 30, kUnknown = 10, kProfile = 10, kRole = 14,
                      kPassword = 4, kRevoke = 1, kDisable = 1;
constexpr std::array kAgents{
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "invoices-app/4.2 (Android 14)",
};

class Sealer : public eventstore::FieldSealer {
public:
    Sealer(eventstore::SubjectCipher& cipher, const SubjectKeyPtr& key, const Uuid& event_id)
        : cipher_(cipher), key_(key), event_id_(event_id) {}
    std::string seal(std::string_view field, std::string_view clear) override {
        if (!key_) throw std::logic_error("a personal field without a subject: " + std::string(field));
        return cipher_.seal_field(*key_, {eventstore::kDefaultTenant, event_id_, field}, clear);
    }

private:
    eventstore::SubjectCipher& cipher_;
    const SubjectKeyPtr& key_;
    const Uuid event_id_;
};

template <class Events>
const Events& need(const Result<Events, RefusalRef>& decision) {
    if (!decision) throw std::logic_error("the past breaks a rule: " + std::string(decision.error()->slug));
    return *decision;
}

}  // namespace

Past::Past(PastOptions options, eventstore::SubjectCipher& cipher, commands::Pseudonyms& pseudonyms)
    : options_(std::move(options)),
      cipher_(cipher),
      pseudonyms_(pseudonyms),
      random_(options_.seed),
      now_(options_.begins_at) {
    if (options_.events < 2 * options_.users) throw std::invalid_argument("a user takes two events at least");
    for (const char* text : kAgents) agents_.push_back({text, pseudonyms_.device(text)});
    people_.reserve(options_.users);
}

// Registrations are spread over the past: as likely at every step as they are frequent in what is left of it.
std::optional<Append> Past::next() {
    while (pending_.empty()) {
        if (told_ >= options_.events) return std::nullopt;
        const std::size_t unborn = options_.users - people_.size();
        const std::size_t room = options_.events - told_ - 2 * unborn;
        pass_time();
        if (applications_.size() < options_.applications) return registers_application();
        if (room == 0 || below(room + unborn) < unborn) return registers();
        else if (auto append = something(room)) return append;
    }
    Append append = std::move(pending_.front());
    pending_.pop_front();
    return append;
}

Past::Told Past::something(std::size_t room) {
    if (options_.only_log_ins || options_.applications > 0) return logs_in(room);
    if (roles_.size() < kRoles) return defines_role();
    std::size_t what = below(1000);
    const auto is = [&](std::size_t share) { return what < share ? true : (what -= share, false); };
    if (is(kLogIn)) return logs_in(room);
    if (is(kLogOut)) return logs_out();
    if (is(kMistype)) return mistypes();
    if (is(kUnknown)) return is_unknown();
    if (is(kProfile)) return changes_profile();
    if (is(kRole)) return assigns_or_withdraws();
    if (is(kPassword)) return changes_password();
    if (is(kRevoke)) return revokes_sessions();
    if (is(kDisable)) return disables_or_enables();
    return refreshes();
}

// ---- people --------------------------------------------------------------------------------------------------------
Append Past::registers() {
    Person& person = people_.emplace_back();
    const std::string number = std::to_string(people_.size() - 1);
    person.user.id = UserId{next_id()};
    person.attempts.id = pseudonyms_.login_attempts_of(person.user.id);
    person.assignments.id = assignments_of(person.user.id);
    person.key = cipher_.make_key(person.user.id);
    person.address = "198.51." + std::to_string(below(256)) + '.' + std::to_string(below(256));
    person.agent = below(agents_.size());

    Append append = command();
    append.new_keys.push_back(cipher_.wrap(*person.key));
    const CredentialId credential_id{next_id()};
    const NewCredential password{credential_id, set_password(append, person, credential_id)};
    const std::string email = options_.prefix + '-' + number + "@example.com";
    std::optional<std::string> username;
    if (below(2) == 0) username = options_.prefix + '.' + number;
    const RegisterUser command{email, username, "Person " + number, password};
    write(append, person.user, need(decide(person.user.state, UserCommand(command))), self(person), person.key);
    const auto take = [&](const char* kind, const std::string& value) {
        for (auto& [key_id, digest] : pseudonyms_.claim(kind, value))
            append.claims.push_back({eventstore::ClaimChange::Op::kTake, kind, key_id, digest, person.user.id});
    };
    take("email", email);
    if (username) take("username", *username);
    return append;
}

std::string Past::set_password(Append& append, Person& person, const CredentialId& credential_id) {
    const eventstore::CredentialContext context{eventstore::kDefaultTenant, person.user.id, kPasswordKind,
                                                credential_id};
    auto sealed = cipher_.seal_credential(*person.key, context, options_.password_hash);
    const auto digest = security::sha256(std::string_view(sealed));
    append.credentials.push_back(
        {credential_id, person.user.id, std::string(kPasswordKind), person.password_revision++, std::move(sealed)});
    return security::hex_encode(security::view_of(digest));
}

Past::Told Past::changes_profile() {
    const auto chosen = active_person();
    if (!chosen) return std::nullopt;
    Person& person = people_[*chosen];
    Append append = command();
    const UpdateProfile command{person.user.state.username, "Person of " + std::to_string(told_)};
    write(append, person.user, need(decide(person.user.state, UserCommand(command))), self(person), person.key);
    return append;
}

Past::Told Past::changes_password() {
    Visit* visit = live_visit();
    if (!visit) return std::nullopt;
    Person& person = people_[visit->person];
    Append append = command();
    const std::string verified = person.user.state.sealed_sha256;
    const CredentialId credential_id = person.user.state.credential_id;
    const NewCredential password{credential_id, set_password(append, person, credential_id)};
    const ChangePassword command{verified, password, visit->session.id};
    append.guards.push_back({visit->session.id, visit->session.version});
    write(append, person.user, need(decide(person.user.state, UserCommand(command))), self(person, visit->session.id));
    return append;
}

Past::Told Past::revokes_sessions() {
    Visit* visit = live_visit();
    if (!visit) return std::nullopt;
    Person& person = people_[visit->person];
    Append append = command();
    append.guards.push_back({visit->session.id, visit->session.version});
    write(append, person.user, need(decide(person.user.state, UserCommand(RevokeAllSessions{visit->session.id}))),
          self(person, visit->session.id));
    return append;
}

Past::Told Past::disables_or_enables() {
    Append append = command();
    if (!disabled_.empty() && below(2) == 0) {
        Person& person = people_[disabled_.back()];
        disabled_.pop_back();
        write(append, person.user, need(decide(person.user.state, UserCommand(EnableUser{}))), Actor{});
        return append;
    }
    const auto chosen = active_person();
    if (!chosen) return std::nullopt;
    Person& person = people_[*chosen];
    disabled_.push_back(*chosen);
    write(append, person.user, need(decide(person.user.state, UserCommand(DisableUser{"on leave"}))), Actor{});
    return append;
}

// ---- sessions ------------------------------------------------------------------------------------------------------
Past::Told Past::logs_in(std::size_t room) {
    const auto chosen = active_person();
    if (!chosen) return std::nullopt;
    Person& person = people_[*chosen];
    Visit visit{{SessionId{next_id()}, {}, 0}, *chosen};
    Append append = command();
    const bool in_browser = options_.applications > 0;
    const StartSession command{person.user.id,
                               std::string(in_browser ? kBrowserClientId : "keyledger"),
                               {options_.issuer},
                               agents_[person.agent].device,
                               person.user.state.sealed_sha256,
                               now_,
                               {}};
    append.guards.push_back({person.user.id, person.user.version});
    const Actor actor = self(person, visit.session.id);
    write(append, visit.session,
          need(decide(visit.session.state, visit.session.id, person.user.state, SessionCommand(command))), actor);
    if (in_browser) {
        if (room >= 2) pending_.push_back(comes_with_application(visit));
        return append;  // whoever only logs in needs no visit to come back to
    }
    live_.push_back(std::move(visit));
    if (person.attempts.state.failures_in_a_row == 0 || room < 2) return append;
    Append cleared = this->command();
    write(cleared, person.attempts,
          decide(person.attempts.state, LoginAttemptsCommand(ClearFailedLogins{person.user.id})), actor);
    pending_.push_back(std::move(cleared));
    return append;
}

// As commands/authorization/exchange_code.cpp begins it.
Append Past::comes_with_application(const Visit& browser) {
    Person& person = people_[browser.person];
    Stream<Application>& application = applications_[below(applications_.size())];
    Stream<Session> session{SessionId{next_id()}, {}, 0};
    StartSession start{person.user.id,
                       application.id.to_string(),
                       {options_.issuer + "/oauth2/userinfo"},
                       agents_[person.agent].device,
                       person.user.state.sealed_sha256,
                       now_,
                       {}};
    start.scope = {"openid"};
    start.browser_session_id = browser.session.id;
    Append append = command();
    append.guards.push_back({person.user.id, person.user.version});
    append.guards.push_back({application.id, application.version});
    append.guards.push_back({browser.session.id, browser.session.version});
    write(append, session, need(decide(session.state, session.id, person.user.state, SessionCommand(start))),
          self(person, session.id));
    return append;
}

Append Past::registers_application() {
    Stream<Application>& application = applications_.emplace_back();
    application.id = ApplicationId{next_id()};
    ApplicationDefinition definition;
    definition.name = "Application " + std::to_string(applications_.size());
    definition.consent = ConsentRule::kFirstParty;
    definition.grant_types = {GrantType::kAuthorizationCode, GrantType::kRefreshToken};
    definition.scopes = {"openid"};
    definition.redirect_uris = {"https://shop.example/callback"};
    Append append = command();
    const RegisterApplication command{std::move(definition)};
    write(append, application, need(decide(application.state, ApplicationCommand(command))), Actor{});
    return append;
}

Past::Told Past::refreshes() {
    Visit* visit = live_visit();
    if (!visit) return std::nullopt;
    Person& person = people_[visit->person];
    Append append = command();
    append.guards.push_back({person.user.id, person.user.version});
    const RefreshSession command{
        visit->session.state.generation, visit->session.state.client_id, agents_[person.agent].device, now_, {}};
    write(append, visit->session,
          need(decide(visit->session.state, visit->session.id, person.user.state, SessionCommand(command))),
          self(person, visit->session.id));
    return append;
}

Past::Told Past::logs_out() {
    Visit* visit = live_visit();
    if (!visit) return std::nullopt;
    Person& person = people_[visit->person];
    Append append = command();
    append.guards.push_back({person.user.id, person.user.version});
    const EndSession command{person.user.id, SessionEndReason::kLoggedOut};
    write(append, visit->session,
          need(decide(visit->session.state, visit->session.id, person.user.state, SessionCommand(command))),
          self(person, visit->session.id));
    return append;
}

Past::Told Past::mistypes() {
    const auto chosen = active_person();
    if (!chosen) return std::nullopt;
    Person& person = people_[*chosen];
    Append append = command();
    RecordFailedLogin command{person.user.id, LoginFailure::kWrongPassword};
    command.limits.failures_in_a_row = std::numeric_limits<std::int64_t>::max();  // this past locks nobody out
    const Actor actor = anonymous(append);
    write(append, person.attempts, decide(person.attempts.state, LoginAttemptsCommand(command)), actor);
    return append;
}

Append Past::is_unknown() {
    Append append = command();
    Stream<LoginAttempts> attempts{LoginAttemptsId{next_id()}, {}, 0};
    const RecordFailedLogin command{std::nullopt, LoginFailure::kUnknownUser};
    const Actor actor = anonymous(append);
    write(append, attempts, decide(attempts.state, LoginAttemptsCommand(command)), actor);
    return append;
}

// ---- roles ---------------------------------------------------------------------------------------------------------
Append Past::defines_role() {
    Stream<Role>& role = roles_.emplace_back();
    role.id = RoleId{next_id()};
    const std::string number = std::to_string(roles_.size());
    const PermissionSet granted({{"area-" + number, "read"}, {"area-" + number, "write"}, {"reports", "read"}});
    Append append = command();
    const DefineRole command{options_.prefix + "-role-" + number, granted, PermissionSet::everything()};
    write(append, role, need(decide(role.state, RoleCommand(command))), Actor{});
    for (auto& [key_id, digest] : pseudonyms_.claim("role_name", command.name))
        append.claims.push_back({eventstore::ClaimChange::Op::kTake, "role_name", key_id, digest, role.id});
    return append;
}

Past::Told Past::assigns_or_withdraws() {
    const auto chosen = active_person();
    if (!chosen) return std::nullopt;
    Person& person = people_[*chosen];
    const Stream<Role>& role = roles_[below(roles_.size())];
    AssignmentsCommand command =
        AssignRole{Subject::user(person.user.id), role.id, role.state.rules, AccessRules::everything(), {}};
    if (person.assignments.state.holds(role.id))
        command = WithdrawRole{Subject::user(person.user.id), role.id, {}, AccessRules::everything()};
    if (person.assignments.state.roles.size() >= kMaxRolesPerUser) return std::nullopt;
    Append append = this->command();
    append.guards.push_back({role.id, role.version});
    append.guards.push_back({person.user.id, person.user.version});
    write(append, person.assignments, need(decide(person.assignments.state, command)), Actor{});
    return append;
}

// ---- appends -------------------------------------------------------------------------------------------------------
Append Past::command() {
    Append append;
    append.command_id = next_command_id();
    return append;
}

template <class Aggregate, class Events>
void Past::write(Append& append, Stream<Aggregate>& stream, const Events& events, const Actor& actor,
                 const SubjectKeyPtr& payload_key) {
    eventstore::EventMetadata envelope;
    envelope.occurred_at = now_;
    envelope.actor_type = actor.type;
    envelope.actor_id = actor.id;
    envelope.command_id = security::base64url_encode(security::view_of(append.command_id));
    envelope.correlation_id = envelope.request_id = envelope.command_id.substr(0, 22);
    envelope.causation_id = envelope.command_id;
    envelope.session_id = actor.session;
    if (!actor.address.empty()) envelope.client_address.value = actor.address;
    if (!actor.agent.empty()) envelope.user_agent.value = actor.agent;

    append.writes.push_back({stream.id, stream.version});
    for (const auto& event : events) {
        eventstore::NewEvent& out = append.events.emplace_back();
        out.event_id = next_id();
        out.stream_type = Aggregate::kStreamType;
        out.stream_id = stream.id;
        out.version = ++stream.version;
        Sealer payload_sealer(cipher_, payload_key, out.event_id);
        auto encoded = eventstore::encode(*eventstore::any_event<Aggregate>(event), payload_sealer);
        out.type = encoded.type;
        out.schema_version = encoded.schema_version;
        out.payload = std::move(encoded.payload);
        Sealer envelope_sealer(cipher_, actor.key, out.event_id);
        const eventstore::EnvelopePlace place{out.event_id, out.stream_type, out.stream_id};
        out.metadata = eventstore::encode(envelope, place, envelope_sealer);
        // Positions only order what happened here; the true ones lie behind whatever the log held before.
        stream.state = evolve(std::move(stream.state), event, {static_cast<Position>(++told_), now_});
    }
    use_key(append, actor.key);
    use_key(append, payload_key);
}

void Past::use_key(Append& append, const SubjectKeyPtr& key) {
    if (!key) return;
    const auto same = [&](const auto& use) { return use.key_id == key->key_id; };
    if (std::none_of(append.key_uses.begin(), append.key_uses.end(), same))
        append.key_uses.push_back({key->subject, key->key_id});
}

Past::Actor Past::self(const Person& person, std::optional<SessionId> session) const {
    return {eventstore::ActorType::kUser,
            person.user.id.to_string(),
            session,
            person.address,
            agents_[person.agent].text,
            person.key};
}

Past::Actor Past::anonymous(Append& append) {
    const AnonymousCallersId today = pseudonyms_.anonymous_subject_of(now_);
    if (!key_of_the_day_ || key_of_the_day_->subject != today) {
        key_of_the_day_ = cipher_.make_key(today);
        append.new_keys.push_back(cipher_.wrap(*key_of_the_day_));
    }
    return {eventstore::ActorType::kAnonymous,
            {},
            std::nullopt,
            "203.0.113." + std::to_string(below(256)),
            agents_[below(agents_.size())].text,
            key_of_the_day_};
}

std::optional<std::size_t> Past::active_person() {
    for (int attempt = 0; attempt < 10 && !people_.empty(); ++attempt) {
        const std::size_t chosen = below(people_.size());
        if (people_[chosen].user.state.status == User::Status::kActive) return chosen;
    }
    return std::nullopt;
}

// Those that ended are found out only here: most end by an event on their user.
Past::Visit* Past::live_visit() {
    while (!live_.empty()) {
        Visit& visit = live_[below(live_.size())];
        const User& user = people_[visit.person].user.state;
        if (check_session(visit.session.state, visit.session.id, user, {}, now_)) return &visit;
        if (&visit != &live_.back()) visit = std::move(live_.back());
        live_.pop_back();
    }
    return nullptr;
}

// ---- identifiers and time ------------------------------------------------------------------------------------------
// RFC 9562 section 5.7: the time in front, randomness behind.
Uuid Past::next_id() {
    Uuid id;
    const auto front = static_cast<std::uint64_t>(now_.load().ms()) << 16 | 0x7000 | (random_() & 0x0FFF);
    const std::uint64_t back = (random_() & 0x3FFF'FFFF'FFFF'FFFFULL) | 0x8000'0000'0000'0000ULL;
    for (std::size_t i = 0; i < 8; ++i) {
        id.bytes[i] = static_cast<std::uint8_t>(front >> (56 - 8 * i));
        id.bytes[8 + i] = static_cast<std::uint8_t>(back >> (56 - 8 * i));
    }
    return id;
}

eventstore::CommandId Past::next_command_id() {
    eventstore::CommandId id;
    const Uuid front = next_id();
    std::copy(front.bytes.begin(), front.bytes.end(), id.begin());
    for (std::size_t i = front.bytes.size(); i < id.size(); ++i) id[i] = static_cast<std::uint8_t>(random_());
    return id;
}

void Past::pass_time() {
    const auto span = static_cast<double>((options_.ends_at - options_.begins_at).ms());
    const double part = static_cast<double>(told_) / static_cast<double>(options_.events);
    now_ = options_.begins_at + milliseconds(static_cast<std::int64_t>(span * part));
}

}  // namespace keyledger::bench
