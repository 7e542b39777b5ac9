// What those who follow the log share of an event: decoded once, the same as each would decode for itself, and nothing
// in it that a key has opened.
#include "eventstore/codec/followed_event.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <thread>

#include "eventstore/codec/jcs.hpp"
#include "eventstore/declarations.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;

namespace {

std::string golden(const std::string& name) {
    std::ifstream in("tests/golden/" + name + ".json");
    EXPECT_TRUE(in) << name;
    std::string text{std::istreambuf_iterator<char>(in), {}};
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

RecordedEvent recorded(const EventTypeInfo& info, int version, const std::string& metadata) {
    RecordedEvent event;
    event.trust = RecordedEvent::Trust::kBelieved;
    event.stream_type = info.stream_type;
    event.type = info.type;
    event.schema_version = static_cast<std::int16_t>(version);
    event.payload = golden(std::string(info.type) + "." + std::to_string(version));
    event.metadata = metadata;
    return event;
}
// With something sealed in it.
RecordedEvent registered() { return recorded(event_type_info("user.registered"), 1, golden("envelopes/3")); }

// Opens what the golden files say is sealed, and any envelope. Without a key: nothing.
class Opener : public FieldOpener {
public:
    std::optional<std::string> open(std::string_view field, std::string_view sealed) override {
        ++asked;
        if (is_erased) return std::nullopt;
        if (field == "envelope") return R"(["192.0.2.1","curl/7.88.1",null])";
        const std::string prefix = "sealed:" + std::string(field) + ":";
        if (!sealed.starts_with(prefix)) return std::nullopt;
        return std::string(sealed.substr(prefix.size()));
    }
    int asked = 0;
    bool is_erased = false;
};

class Sealer : public FieldSealer {
public:
    std::string seal(std::string_view field, std::string_view clear) override {
        return "sealed:" + std::string(field) + ":" + std::string(clear);
    }
};

// All that is in them, what is personal too.
std::string all_of(const AnyEvent& event) {
    Sealer sealer;
    return encode(event, sealer).payload;
}
std::string all_of(const EventMetadata& metadata) {
    Sealer sealer;
    return encode(metadata, sealer);
}

}  // namespace

TEST(FollowedEvent, SaysWhatEachWouldDecodeForItself) {
    int openings = 0;
    for (const EventTypeInfo& info : event_types()) {
        for (int version = 1; version <= info.schema_version; ++version) {
            for (const std::string form : {"1", "2", "3"}) {
                const RecordedEvent alone = recorded(info, version, golden("envelopes/" + form));
                const FollowedEvent shared(alone);
                NullFieldOpener nothing;
                Opener opener, again;
                EXPECT_EQ(all_of(*shared.decoded()), all_of(*decode_any(alone, nothing))) << info.type;
                EXPECT_EQ(all_of(shared.envelope()), all_of(decode_metadata(alone, nothing))) << form;
                EXPECT_EQ(all_of(*shared.decoded(opener)), all_of(*decode_any(alone, again))) << info.type;
                EXPECT_EQ(all_of(shared.envelope(opener)), all_of(decode_metadata(alone, again))) << form;
                EXPECT_EQ(opener.asked, again.asked) << info.type << ' ' << form;
                openings += opener.asked;
                EXPECT_EQ(all_of(*shared.decoded()), all_of(*decode_any(alone, nothing))) << "nothing opened stays";
                EXPECT_EQ(all_of(shared.envelope()), all_of(decode_metadata(alone, nothing)));
            }
        }
    }
    EXPECT_GT(openings, 100);
}

TEST(FollowedEvent, IsDecodedOnceForAll) {
    const FollowedEvent event(registered());
    const auto before = FollowedEvent::decodings();
    const AnyEvent* first = event.decoded().get();
    Opener opener;
    for (int follower = 0; follower < 5; ++follower) {
        EXPECT_EQ(event.decoded().get(), first);
        (void)event.envelope();
        (void)event.envelope(opener);
    }
    EXPECT_EQ(FollowedEvent::decodings(), before + 1);
    const FollowedEvent nothing_sealed(recorded(event_type_info("session.refreshed"), 1, golden("envelopes/3")));
    EXPECT_EQ(nothing_sealed.decoded(opener), nothing_sealed.decoded()) << "who has keys needs no other";
}

// Between two followers the key dies: the second reads what is left, and the first one's copy is its own.
TEST(FollowedEvent, OfAnErasedSubjectNothingIsLeft) {
    const FollowedEvent event(registered());
    Opener opener;
    const AnyEventPtr seen = event.decoded(opener);
    EXPECT_EQ(event.envelope(opener).client_address.value, "192.0.2.1");
    opener.is_erased = true;
    EXPECT_EQ(event.envelope(opener).client_address.value, std::nullopt);
    EXPECT_EQ(event.envelope().client_address.value, std::nullopt);
    EXPECT_EQ(all_of(*event.decoded(opener)), all_of(*event.decoded()));
    EXPECT_NE(all_of(*event.decoded()), all_of(*seen));
}

TEST(FollowedEvent, WhatCannotBeDecodedStopsEverybody) {
    RecordedEvent unknown = registered();
    unknown.type = "user.cloned";
    RecordedEvent garbage = registered();
    garbage.payload = "{";
    RecordedEvent inert = registered();
    inert.trust = RecordedEvent::Trust::kInert;
    for (const RecordedEvent& one : {unknown, garbage, inert}) {
        NullFieldOpener nothing;
        std::string alone;
        try {
            (void)decode_any(one, nothing);
        } catch (const CodecError& error) {
            alone = error.what();
        }
        EXPECT_NE(alone, "");
        const FollowedEvent event(one);
        const auto before = FollowedEvent::decodings();
        for (int follower = 0; follower < 3; ++follower) {
            try {
                follower == 0 ? void(event.decoded(nothing)) : void(event.decoded());
                FAIL() << one.type << one.payload;
            } catch (const CodecError& error) {
                EXPECT_EQ(error.what(), alone);
            }
        }
        EXPECT_EQ(FollowedEvent::decodings(), before + 1);
        if (one.is_inert()) continue;
        EXPECT_EQ(event.envelope().actor_type, ActorType::kUser) << "each part for itself";
    }
    RecordedEvent no_envelope = registered();
    no_envelope.metadata = "{}";
    const FollowedEvent event(no_envelope);
    EXPECT_THROW((void)event.envelope(), CodecError);
    EXPECT_NO_THROW((void)event.decoded());
}

// What an opener throws, as for a key that is missing, is its caller's, and the next may have the key.
TEST(FollowedEvent, AnOpenerThatFailsSpoilsNothing) {
    struct : FieldOpener {
        std::optional<std::string> open(std::string_view, std::string_view) override {
            throw std::runtime_error("no key");
        }
    } failing;
    const FollowedEvent event(registered());
    EXPECT_THROW((void)event.decoded(failing), std::runtime_error);
    EXPECT_THROW((void)event.envelope(failing), std::runtime_error);
    Opener opener;
    EXPECT_EQ(event.envelope(opener).client_address.value, "192.0.2.1");
}

// For ThreadSanitizer.
TEST(FollowedEventThreads, MayAllAskFirst) {
    constexpr int kEvents = 300;
    FollowedEvents events;
    for (int i = 0; i < kEvents; ++i) events.push_back(std::make_shared<const FollowedEvent>(registered()));
    const auto before = FollowedEvent::decodings();
    std::vector<std::thread> followers;
    for (int follower = 0; follower < 5; ++follower)
        followers.emplace_back([&, follower] {
            Opener opener;
            for (const FollowedEventPtr& event : events) {
                ASSERT_EQ(event->decoded(), event->decoded());
                ASSERT_FALSE(event->envelope().client_address.value);
                if (follower == 0) {
                    ASSERT_EQ(event->envelope(opener).client_address.value, "192.0.2.1");
                }
                ASSERT_TRUE(event->decoded(opener));
            }
        });
    for (std::thread& follower : followers) follower.join();
    EXPECT_EQ(FollowedEvent::decodings(), before + kEvents);
}
