#pragma once
// A past to fill a log with: people register, log in, refresh, log out, mistype their passwords, change profiles, are
// disabled and given roles; or they do nothing but log in, if wanted in a browser, and with an application there. Every
// event is decided by the rules of domain/, sealed under its subject's key and guarded as the service's own commands
// are. People, order and kinds follow from the seed; keys and nonces do not.
#include <atomic>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "commands/runtime/ports.hpp"
#include "domain/access/assignments.hpp"
#include "domain/access/role.hpp"
#include "domain/applications/application.hpp"
#include "domain/base/time.hpp"
#include "domain/credentials/login_attempts.hpp"
#include "domain/sessions/session.hpp"
#include "domain/users/user.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "eventstore/sealing/subject_cipher.hpp"
#include "eventstore/store.hpp"

namespace keyledger::bench {

struct PastOptions {
    std::size_t users = 100'000;
    std::size_t events = 1'000'000;  // at least two a user
    bool only_log_ins = false;       // nothing else is done by those who registered: every session is live
    // > 0: likewise, and each log-in is of a browser, in which one of so many applications then gets a session, too.
    std::size_t applications = 0;
    std::uint64_t seed = 1;
    Instant begins_at;
    Instant ends_at;
    std::string issuer = "http://127.0.0.1:8080";  // of the sessions' tokens
    std::string prefix = "load";                   // of the addresses: load-0@example.com …
    Secret password_hash;                          // the same for everybody, sealed under each user's own key
};

// Not thread-safe, but for now().
class Past {
public:
    // Both outlive it.
    Past(PastOptions options, eventstore::SubjectCipher& cipher, commands::Pseudonyms& pseudonyms);

    // The next command; nullopt once all is told.
    std::optional<eventstore::Append> next();
    // The time in the past that the newest command happened at.
    Instant now() const { return now_; }
    std::size_t told() const { return told_; }  // events
    std::size_t people() const { return people_.size(); }
    std::size_t live_sessions() const { return live_.size(); }  // some of which an event on their user has ended

private:
    template <class Aggregate>
    struct Stream {
        Id<Aggregate> id;
        Aggregate state{};
        std::int32_t version = 0;
    };
    struct Person {
        Stream<User> user;
        Stream<LoginAttempts> attempts;
        Stream<Assignments> assignments;
        eventstore::SubjectKeyPtr key;
        std::int32_t password_revision = 0;
        std::string address;
        std::size_t agent = 0;
    };
    struct Visit {
        Stream<Session> session;
        std::size_t person = 0;
    };
    struct Agent {
        std::string text;
        std::string device;  // its keyed digest
    };
    // Who does it, and the key that seals their address.
    struct Actor {
        eventstore::ActorType type = eventstore::ActorType::kSystem;
        std::string id;
        std::optional<SessionId> session;
        std::string address;
        std::string agent;
        eventstore::SubjectKeyPtr key;
    };
    using Told = std::optional<eventstore::Append>;  // nullopt: nobody is in a state to do it

    Told something(std::size_t room);
    eventstore::Append registers();
    Told logs_in(std::size_t room);
    eventstore::Append comes_with_application(const Visit& browser);
    eventstore::Append registers_application();
    Told refreshes();
    Told logs_out();
    Told mistypes();
    eventstore::Append is_unknown();
    Told changes_profile();
    Told changes_password();
    Told revokes_sessions();
    Told disables_or_enables();
    eventstore::Append defines_role();
    Told assigns_or_withdraws();

    eventstore::Append command();
    template <class Aggregate, class Events>
    void write(eventstore::Append& append, Stream<Aggregate>& stream, const Events& events, const Actor& actor,
               const eventstore::SubjectKeyPtr& payload_key = nullptr);
    std::string set_password(eventstore::Append& append, Person& person, const CredentialId& credential_id);
    void use_key(eventstore::Append& append, const eventstore::SubjectKeyPtr& key);
    Actor self(const Person& person, std::optional<SessionId> session = std::nullopt) const;
    Actor anonymous(eventstore::Append& append);
    std::optional<std::size_t> active_person();
    Visit* live_visit();

    std::size_t below(std::size_t bound) { return random_() % bound; }
    Uuid next_id();
    eventstore::CommandId next_command_id();
    void pass_time();

    const PastOptions options_;
    eventstore::SubjectCipher& cipher_;
    commands::Pseudonyms& pseudonyms_;
    std::mt19937_64 random_;
    std::atomic<Instant> now_;
    std::size_t told_ = 0;
    std::deque<eventstore::Append> pending_;
    std::vector<Agent> agents_;
    std::vector<Person> people_;
    std::vector<std::size_t> disabled_;
    std::vector<Visit> live_;
    std::vector<Stream<Role>> roles_;
    std::vector<Stream<Application>> applications_;
    eventstore::SubjectKeyPtr key_of_the_day_;
};

}  // namespace keyledger::bench
