// The envelope's stored forms. What was written once is read for ever: tests/golden/envelopes/<form>.json is kept.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>

#include "domain/sessions/session.hpp"
#include "eventstore/aggregates.hpp"
#include "eventstore/codec/codec.hpp"
#include "eventstore/codec/envelope.hpp"
#include "security/keys/sealing.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "tests/support/world/ids.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;

namespace {

test::TestId uuid(std::uint8_t number) {
    test::TestId id = *Uuid::parse("0192e4a0-0000-7abc-8def-000000000000");
    id.bytes[15] = number;
    return id;
}
std::string short_of(const Uuid& id) { return security::base64url_encode(security::view_of(id)); }

const test::TestId kAnn = uuid(1), kSession = uuid(2), kEvent = uuid(3), kDay = uuid(4);
const EnvelopePlace kPlace{kEvent, "session", kSession};
constexpr const char* kTrace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
constexpr const char* kBrowser =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
constexpr const char* kTraceId = "0af7651916cd43dd8448eb211c80319c";

// Shows what was sealed, and for which field; as if it were the actor's.
class Marked : public FieldSealer, public FieldOpener {
public:
    std::string seal(std::string_view field, std::string_view clear) override {
        return kOfAnn + "sealed:" + std::string(field) + ":" + std::string(clear);
    }
    std::optional<std::string> open(std::string_view field, std::string_view sealed) override {
        if (sealed.starts_with(kOfAnn)) sealed.remove_prefix(kOfAnn.size());
        const std::string prefix = "sealed:" + std::string(field) + ":";
        if (!sealed.starts_with(prefix)) return std::nullopt;
        return std::string(sealed.substr(prefix.size()));
    }

private:
    const std::string kOfAnn = "s2." + short_of(kAnn) + '.';
};

// What the service seals with.
class Sealing : public FieldSealer, public FieldOpener {
public:
    Sealing(const security::SubjectKey& key, const Uuid& subject, const Uuid& event)
        : key_(key), subject_(subject), event_(event) {}
    std::string seal(std::string_view field, std::string_view clear) override {
        return security::seal_field(key_.key, {"default", event_, field, subject_, key_.id}, clear);
    }
    std::optional<std::string> open(std::string_view field, std::string_view sealed) override {
        return security::open_field(key_.key, {"default", event_, field, subject_, key_.id}, sealed);
    }

private:
    const security::SubjectKey& key_;
    Uuid subject_, event_;
};

std::string golden(int form) {
    const std::string path = "tests/golden/envelopes/" + std::to_string(form) + ".json";
    std::ifstream in(path);
    EXPECT_TRUE(in) << path;
    std::string text{std::istreambuf_iterator<char>(in), {}};
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

// Of a refresh, as the listener and the executor make it.
EventMetadata refresh() {
    EventMetadata envelope;
    envelope.occurred_at = Instant::at_ms(1'700'000'000'000);
    envelope.actor_type = ActorType::kUser;
    envelope.actor_id = kAnn.to_string();
    envelope.command_id = envelope.causation_id = kEvent.to_string();
    envelope.traceparent = kTrace;
    envelope.request_id = envelope.correlation_id = kTraceId;
    envelope.session_id = kSession;
    envelope.client_address.value = "192.0.2.1";
    envelope.user_agent.value = "curl/7.88.1";
    return envelope;
}

void expect_equal(const EventMetadata& read, const EventMetadata& written, const std::string& stored) {
    EXPECT_EQ(read.occurred_at, written.occurred_at) << stored;
    EXPECT_EQ(read.actor_type, written.actor_type) << stored;
    EXPECT_EQ(read.actor_id, written.actor_id) << stored;
    EXPECT_EQ(read.command_id, written.command_id) << stored;
    EXPECT_EQ(read.correlation_id, written.correlation_id) << stored;
    EXPECT_EQ(read.causation_id, written.causation_id) << stored;
    EXPECT_EQ(read.request_id, written.request_id) << stored;
    EXPECT_EQ(read.traceparent, written.traceparent) << stored;
    EXPECT_EQ(read.session_id, written.session_id) << stored;
    EXPECT_EQ(read.client_address.value, written.client_address.value) << stored;
    EXPECT_EQ(read.user_agent.value, written.user_agent.value) << stored;
    EXPECT_EQ(read.device.value, written.device.value) << stored;
}

}  // namespace

TEST(Envelope, EveryFormThatWasEverWrittenSaysTheSame) {
    Marked marked;
    EventMetadata said = refresh();
    said.command_id = said.causation_id = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    said.user_agent.value = "Browser/1.0";
    for (const int form : {1, 2, 3}) expect_equal(decode_metadata(golden(form), kPlace, marked), said, golden(form));
    EXPECT_EQ(encode(said, kPlace, marked), golden(3)) << "the newest form is written byte for byte";
}

// A refresh's record is what the log is mostly made of. 274 of the 550 bytes that an event may cost are columns, row
// header and indexes; tests/commands/runtime/stored_size_test.cpp weighs them.
TEST(Envelope, OfARefreshIsSmall) {
    const security::SubjectKey key = security::new_subject_key(Instant::at_ms(1'700'000'000'000));
    Sealing sealing(key, kAnn, kEvent);
    const SessionRefreshed event{105, "iUibu2vtXLh0_MIswMWrgA"};
    const std::string payload = encode(SessionEvent(event), sealing).payload;
    for (const char* agent : {"curl/7.88.1", kBrowser}) {
        EventMetadata envelope = refresh();
        envelope.user_agent.value = agent;
        const std::string stored = encode(envelope, kPlace, sealing);
        EXPECT_LE(stored.size(), 192u) << stored;
        EXPECT_LE(stored.size() + payload.size(), 250u) << payload;
    }
}

// Each way in which something follows from the rest, and each in which it does not.
TEST(Envelope, LeavesOutOnlyWhatComesBack) {
    const std::vector<std::pair<const char*, std::function<void(EventMetadata&)>>> changes{
        {"nothing", [](EventMetadata&) {}},
        {"everything empty", [](EventMetadata& e) { e = EventMetadata{}; }},
        {"another event of the command", [](EventMetadata& e) { e.command_id = e.causation_id = kDay.to_string(); }},
        {"an id in capitals", [](EventMetadata& e) { e.command_id = "0192E4A0-0000-7ABC-8DEF-000000000003"; }},
        {"a key's command", [](EventMetadata& e) { e.command_id = std::string(43, 'A'); }},
        {"no command", [](EventMetadata& e) { e.command_id.clear(); }},
        {"no cause", [](EventMetadata& e) { e.causation_id.clear(); }},
        {"another cause", [](EventMetadata& e) { e.causation_id = "job-7"; }},
        {"a request named by the caller", [](EventMetadata& e) { e.request_id = e.correlation_id = "order.7"; }},
        {"a request of its own", [](EventMetadata& e) { e.request_id = std::string(32, 'a'); }},
        {"a request in capitals", [](EventMetadata& e) { e.request_id = std::string(32, 'A'); }},
        {"no request", [](EventMetadata& e) { e.request_id.clear(); }},
        {"no correlation", [](EventMetadata& e) { e.correlation_id.clear(); }},
        {"no trace", [](EventMetadata& e) { e.traceparent.clear(); }},
        {"neither trace nor request", [](EventMetadata& e) { e.traceparent.clear(), e.request_id.clear(); }},
        {"a later version of traces",
         [](EventMetadata& e) { e.traceparent = "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x"; }},
        {"a trace in capitals",
         [](EventMetadata& e) { e.traceparent = "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"; }},
        {"no trace at all", [](EventMetadata& e) { e.traceparent = std::string(55, '-'); }},
        {"no session", [](EventMetadata& e) { e.session_id.reset(); }},
        {"another session", [](EventMetadata& e) { e.session_id = kDay; }},
        {"the system", [](EventMetadata& e) { e.actor_type = ActorType::kSystem, e.actor_id.clear(); }},
        {"a named client", [](EventMetadata& e) { e.actor_type = ActorType::kClient, e.actor_id = "shop"; }},
        {"a client that looks like a user",
         [](EventMetadata& e) { e.actor_type = ActorType::kClient, e.actor_id = "user:AZLkoAAAeryN7wAAAAAAAQ"; }},
        {"a service account", [](EventMetadata& e) { e.actor_type = ActorType::kClient; }},
        {"a user without an id", [](EventMetadata& e) { e.actor_id.clear(); }},
        {"no address", [](EventMetadata& e) { e.client_address.value.reset(); }},
        {"no agent", [](EventMetadata& e) { e.user_agent.value.reset(); }},
        {"a device alone",
         [](EventMetadata& e) { e.client_address.value.reset(), e.user_agent.value.reset(), e.device.value = "d"; }},
        {"an empty agent", [](EventMetadata& e) { e.user_agent.value = ""; }},
        {"a browser", [](EventMetadata& e) { e.user_agent.value = kBrowser; }},
        {"an agent with a word's letter", [](EventMetadata& e) { e.user_agent.value = std::string(kBrowser) + "!"; }},
    };
    for (const EnvelopePlace& place : {kPlace, EnvelopePlace{kEvent, "user", kAnn}})
        for (const auto& [what, change] : changes) {
            SCOPED_TRACE(std::string(what) + " on a " + std::string(place.stream_type));
            Marked marked;
            EventMetadata envelope = refresh();
            change(envelope);
            const std::string stored = encode(envelope, place, marked);
            const EventMetadata read = decode_metadata(stored, place, marked);
            expect_equal(read, envelope, stored);
            EXPECT_EQ(encode(read, place, marked), stored);
        }
}

TEST(Envelope, RefusesWhatNobodyWrites) {
    Marked marked;
    const char* const refused[] = {
        R"([])",
        R"({})",
        R"({"actor_type":"user"})",
        R"({"actor_type":"user","occurred_at_ms":1,"new":"x"})",
        R"({"at":1})",
        R"({"actor":"user"})",
        R"({"actor":"user","at":"1"})",
        R"({"actor":"user","at":1,"new":"x"})",
        R"({"actor":"user","at":1,"occurred_at_ms":1})",
        R"({"actor":"user","actor_type":"user","at":1})",
        R"({"actor":"nobody","at":1})",
        R"({"actor":7,"at":1})",
        R"({"actor":"user:","at":1})",
        R"({"actor":"user:AZLkoAAAeryN7wAAAAAAA","at":1})",
        R"({"actor":"user:AZLkoAAAeryN7wAAAAAAAR","at":1})",
        R"({"actor":"user:AZLkoAAAeryN7wAAAAAAAQ","actor_id":"x","at":1})",
        R"({"actor":"user","at":1,"command":"AAAA"})",
        R"({"actor":"user","at":1,"command":7})",
        R"({"actor":"user","at":1,"command":"AZLkoAAAeryN7wAAAAAAAQ","command_id":"x"})",
        R"({"actor":"user","at":1,"trace":"CvdlGRbNQ92ESOshHIAxnA"})",
        R"({"actor":"user","at":1,"request":""})",
        R"({"actor":"user","at":1,"session":7})",
        R"({"actor":"user","at":1,"session":"x"})",
        R"({"actor":"user","at":1,"sealed":"AAAA"})",
        R"({"actor":"anonymous","at":1,"sealed":"AAAA"})",
        R"({"actor":"client:AZLkoAAAeryN7wAAAAAAAQ","at":1,"sealed":"AAAA"})",
        R"({"actor":"user","at":1,"sealed_for":7})",
        R"({"actor":"user","at":1,"sealed_for":"sealed:envelope:{}"})",
        R"({"actor":"user","at":1,"sealed_for":"sealed:envelope:[1]"})",
        R"({"actor":"user","at":1,"sealed_for":"sealed:envelope:[[\"a\"]]"})",
        R"({"actor":"user","at":1,"sealed_for":"sealed:envelope:[\"a\",[]]"})",
        R"({"actor":"user","at":1,"sealed_for":"sealed:envelope:[\"a\",[7]]"})",
        R"({"actor":"user","at":1,"sealed_for":"sealed:envelope:[\"a\",[\"b\",\"c\"]]"})",
        R"({"actor":"user","at":1,"sealed_for":"sealed:envelope:[\"a\",\"b\",\"c\",\"d\"]"})",
        R"({"actor":"user","at":1,"sealed_for":"sealed:envelope:no JSON"})"};
    for (const char* stored : refused)
        EXPECT_THROW((void)decode_metadata(stored, kPlace, marked), CodecError) << stored;
}

// An envelope that stands where it was not written opens nothing, and none of it reads as somebody else's.
TEST(Envelope, WhatIsSealedOpensInItsPlaceAlone) {
    const security::SubjectKey anns = security::new_subject_key({}), days = security::new_subject_key({});
    Sealing own(anns, kAnn, kEvent);
    const std::string stored = encode(refresh(), kPlace, own);
    const auto replaced = [](std::string text, const std::string& from, const std::string& to) {
        EXPECT_NE(text.find(from), std::string::npos) << from;
        return text.replace(text.find(from), from.size(), to);
    };
    const std::string name = R"("sealed":")";
    const std::size_t at = stored.find(name) + name.size();
    const std::string sealed = stored.substr(at, stored.find('"', at) - at);
    const auto with = [&](const std::string& text) { return replaced(stored, sealed, text); };
    const auto told = [&](const std::string& text, Sealing opener) {
        const EventMetadata read = decode_metadata(text, kPlace, opener);
        return read.client_address.value || read.user_agent.value || read.device.value;
    };
    ASSERT_TRUE(told(stored, own));
    EXPECT_FALSE(told(stored, Sealing(anns, kAnn, kDay))) << "another event";
    EXPECT_FALSE(told(stored, Sealing(anns, kDay, kEvent))) << "another subject";
    EXPECT_FALSE(told(stored, Sealing(days, kAnn, kEvent))) << "another key";
    EXPECT_FALSE(told(replaced(stored, short_of(kAnn), short_of(kDay)), own)) << "another actor";
    EXPECT_FALSE(told(replaced(stored, short_of(kAnn), short_of(kDay)), Sealing(anns, kDay, kEvent)))
        << "another actor, whose key it is said to be";
    const std::string whole = "s2." + short_of(kAnn) + '.' + sealed;
    EXPECT_TRUE(told(replaced(stored, name + sealed, R"("sealed_for":")" + whole), own)) << "the same, said at length";
    EXPECT_FALSE(told(replaced(stored, name + sealed, R"("sealed_for":"s2.)" + short_of(kDay) + '.' + sealed), own));
    for (std::size_t size = 0; size < sealed.size(); ++size)
        EXPECT_FALSE(told(with(sealed.substr(0, size)), own)) << "cut to " << size;
    for (std::size_t flipped = 0; flipped < sealed.size(); ++flipped) {
        std::string changed = sealed;
        changed[flipped] = changed[flipped] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(told(with(changed), own)) << "changed at " << flipped;
    }
    EXPECT_FALSE(told(with(sealed + "AAAA"), own)) << "longer";
    // A field of the payload, sealed for the same event and subject, is no envelope; nor the other way round.
    const std::string field = own.seal("email", R"(["192.0.2.9","forged"])").substr(3 + 22 + 1);
    EXPECT_FALSE(told(with(field), own)) << "a field of the payload";
    EXPECT_FALSE(own.open("email", whole));
    EXPECT_FALSE(own.open("client_address", whole));
}

TEST(Envelope, IsToldInWholeNamesWithoutWhatIsPersonal) {
    Marked marked;
    NullFieldOpener nothing;
    const EventMetadata read = decode_metadata(encode(refresh(), kPlace, marked), kPlace, nothing);
    EXPECT_FALSE(read.client_address.value);
    EXPECT_EQ(describe(read), R"({"actor_id":"0192e4a0-0000-7abc-8def-000000000001","actor_type":"user",)"
                              R"("command_id":"0192e4a0-0000-7abc-8def-000000000003",)"
                              R"("occurred_at_ms":1700000000000,"request_id":"0af7651916cd43dd8448eb211c80319c",)"
                              R"("session_id":"0192e4a0-0000-7abc-8def-000000000002",)"
                              R"("traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"})");
    EXPECT_EQ(describe(decode_metadata(encode(refresh(), kPlace, marked), kPlace, marked)), describe(read));
}
