// Events, envelopes and states are written as they were while trees of JSON were built and sorted for it: byte for
// byte, for leaf hashes and MACs are of these bytes. Thousands of each, of values that are mostly odd.
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <random>

#include "eventstore/aggregates.hpp"
#include "eventstore/codec/jcs.hpp"
#include "eventstore/codec/states_codec.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "tests/eventstore/codec/written_by_tree.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;

namespace {

constexpr std::int64_t kExact = std::int64_t{1} << 53;
constexpr const char* kTrace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
constexpr const char* kTraceId = "0af7651916cd43dd8448eb211c80319c";
constexpr const char* kBrowser =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

// Values of whatever is declared. Small numbers and empty texts are as likely as odd ones.
class Random {
public:
    explicit Random(std::uint32_t seed) : bits_(seed) {}

    std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>(0, end - 1)(bits_); }
    bool once_in(std::size_t times) { return below(times) == 0; }

    std::string text() {
        static const std::string kParts[] = {"a",
                                             "Ann",
                                             " ",
                                             "\"",
                                             "\\",
                                             "/",
                                             "\b\f\n\r\t",
                                             std::string(1, '\0'),
                                             "\x01",
                                             "\x1F",
                                             "\x7F",
                                             "\xC2\x80",
                                             "\xC3\xA9",
                                             "\xE2\x80\xA8",
                                             "\xEF\xAC\xB3",
                                             "\xF0\x9F\x98\x80",
                                             "\\u0041",
                                             "</script>",
                                             "null",
                                             std::string(300, 'x')};
        std::string all;
        for (std::size_t parts = below(5); parts > 0; --parts) all += kParts[below(std::size(kParts))];
        if (once_in(50)) all += static_cast<char>(below(256));  // perhaps no UTF-8 any more
        return all;
    }
    Uuid uuid() {
        Uuid id;
        fill(id);
        return id;
    }

    void fill(std::string& v) { v = text(); }
    void fill(Uuid& v) {
        for (auto& byte : v.bytes) byte = static_cast<std::uint8_t>(below(256));
    }
    template <class Of>
    void fill(Id<Of>& v) {
        fill(v.uuid);
    }
    void fill(std::int64_t& v) {
        constexpr std::int64_t kOdd[] = {
            0, 1, -1, 9, 10, kExact, kExact - 1, -kExact, 1 - kExact, 2147483648, 4'294'967'296, 1'000'000'000'000};
        std::uniform_int_distribution<std::int64_t> any(-kExact, kExact);
        v = once_in(2) ? kOdd[below(std::size(kOdd))] : any(bits_);
        if (once_in(500)) v = once_in(2) ? kExact + 1 : std::numeric_limits<std::int64_t>::min();
    }
    void fill(Instant& v) {
        std::int64_t ms = 0;
        fill(ms);
        v = Instant::at_ms(ms);
    }
    void fill(Duration& v) {
        std::int64_t ms = 0;
        fill(ms);
        v = milliseconds(ms);
    }
    template <class E>
        requires std::is_enum_v<E>
    void fill(E& v) {
        const auto names = enum_names(v);
        v = names[below(names.size())].value;
    }
    template <class T>
    void fill(std::optional<T>& v) {
        v.reset();
        if (!once_in(3)) fill(v.emplace());
    }
    template <class T>
    void fill(std::vector<T>& v) {
        v.clear();
        for (std::size_t items = below(4); items > 0; --items) fill(v.emplace_back());
    }
    template <class T>
    void fill(Personal<T>& v) {
        fill(v.value);
    }
    template <class Declared>
        requires requires { Declared::fields(); }
    void fill(Declared& v) {
        std::apply([&](const auto&... field) { (fill(v.*field.member), ...); }, Declared::fields());
    }

private:
    std::mt19937 bits_;
};

// What it is asked to seal stands in what it gives, behind what the actor's own would begin with, or not.
class Marked : public FieldSealer {
public:
    std::string seal(std::string_view field, std::string_view clear) override {
        return before + "sealed:" + std::string(field) + ":" + std::string(clear);
    }
    std::string before;
};

// The text, or the words of the refusal.
struct Written {
    bool is_written = false;
    std::string text;
};
Written written(const std::function<std::string()>& write) {
    try {
        return {true, write()};
    } catch (const CodecError& error) {
        return {false, error.what()};
    }
}

struct Counts {
    int written = 0;
    int refused = 0;
    int canonical = 0;
};
// Of two fields that can't be written either may be named.
void expect_alike(const std::function<std::string()>& by_tree, const std::function<std::string()>& direct,
                  Counts& counts) {
    const Written expected = written(by_tree);
    const Written got = written(direct);
    ASSERT_EQ(got.is_written, expected.is_written) << got.text << expected.text;
    ++(got.is_written ? counts.written : counts.refused);
    if (!got.is_written) return;
    ASSERT_EQ(got.text, expected.text);
    if (!is_json_object(got.text)) return;  // not UTF-8: the store refuses it
    ++counts.canonical;
    ASSERT_EQ(jcs(parse_json(got.text)), got.text);
}

template <class Aggregate, class Event>
void expect_alike_events(Random& random, Counts& counts) {
    SCOPED_TRACE(Event::kType);
    for (int i = 0; i < 150; ++i) {
        Event event;
        if (i > 0) random.fill(event);
        const AnyEvent any{typename Aggregate::Event(event)};
        Marked marked;
        expect_alike([&] { return by_tree::payload_of(any, marked); },
                     [&] { return std::string(encode(any, marked).payload); }, counts);
    }
}

// Ids, traces and agents that have short forms, those that nearly have, and any text.
std::string one_of(Random& random, std::initializer_list<std::string> likely) {
    const std::size_t at = random.below(likely.size() + 1);
    return at < likely.size() ? *(likely.begin() + static_cast<std::ptrdiff_t>(at)) : random.text();
}
std::string in_capitals(std::string text) {
    for (char& c : text)
        if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
    return text;
}

EventMetadata any_envelope(Random& random, const EnvelopePlace& place) {
    EventMetadata envelope;
    random.fill(envelope);
    const std::string id = random.uuid().to_string();
    envelope.actor_id = one_of(random, {"", id, id, in_capitals(id), id.substr(1), "shop", "user:" + id});
    envelope.command_id = one_of(random, {place.event_id.to_string(), id, in_capitals(id), std::string(43, 'A'), ""});
    envelope.causation_id = one_of(random, {envelope.command_id, envelope.command_id, "", "job-7"});
    envelope.traceparent = one_of(random, {kTrace, kTrace, in_capitals(kTrace), "", std::string(55, '-'),
                                           "01" + std::string(kTrace).substr(2) + "-x"});
    envelope.request_id =
        one_of(random, {kTraceId, kTraceId, std::string(32, 'a'), std::string(32, 'A'), "", "order.7"});
    envelope.correlation_id = one_of(random, {envelope.request_id, envelope.request_id, "", "r"});
    if (random.once_in(3)) envelope.session_id = SessionId{place.stream_id};
    if (envelope.user_agent.value)
        envelope.user_agent.value = one_of(random, {kBrowser, "curl/7.88.1", "", std::string(kBrowser) + "!"});
    return envelope;
}

}  // namespace

TEST(WriteAlike, TextsOfEveryCharacter) {
    Random random(1);
    const auto expect = [](const std::string& text) {
        std::string got = "before";
        append_json_string(got, text);
        const rapidjson::Value value(rapidjson::StringRef(text.data(), text.size()));
        ASSERT_EQ(got, "before" + jcs(value));
    };
    for (int c = 0; c < 256; ++c) expect(std::string("a") + static_cast<char>(c) + "b");
    for (int i = 0; i < 5000; ++i) expect(random.text());
}

TEST(WriteAlike, EventsOfEveryType) {
    Random random(2);
    Counts counts;
    Aggregates::for_each([&]<class Aggregate> {
        [&]<class... Event>(std::type_identity<std::variant<Event...>>) {
            (expect_alike_events<Aggregate, Event>(random, counts), ...);
        }(std::type_identity<typename Aggregate::Event>{});
    });
    EXPECT_GT(counts.written, 10'000);
    EXPECT_GT(counts.refused, 10);
    EXPECT_GT(counts.canonical, counts.written / 2);
}

TEST(WriteAlike, StatesThatAreKept) {
    Random random(3);
    Counts counts;
    Aggregates::for_each([&]<class Aggregate> {
        if constexpr (requires {
                          Aggregate::kFold;
                          Aggregate::fields();
                      }) {
            SCOPED_TRACE(Aggregate::kStreamType);
            for (int i = 0; i < 150; ++i) {
                Aggregate state{};
                if (i > 0) random.fill(state);
                const AnyState any{state};
                Marked marked;
                expect_alike([&] { return by_tree::state_of(any, marked); }, [&] { return encode_state(any); }, counts);
            }
        }
    });
    EXPECT_GT(counts.written, 500);
}

TEST(WriteAlike, EnvelopesOfEveryKind) {
    Random random(4);
    Counts counts, told;
    for (int i = 0; i < 20'000; ++i) {
        const EnvelopePlace place{random.uuid(), random.once_in(2) ? "session" : "user", random.uuid()};
        const EventMetadata envelope = i == 0 ? EventMetadata{} : any_envelope(random, place);
        Marked marked;
        const auto actor = Uuid::parse(envelope.actor_id);
        if (actor && !random.once_in(4))
            marked.before = "s2." + security::base64url_encode(security::view_of(*actor)) + '.';
        expect_alike([&] { return by_tree::envelope_of(envelope, place, marked); },
                     [&] { return encode(envelope, place, marked); }, counts);
        expect_alike([&] { return by_tree::envelope_of(envelope, marked); }, [&] { return encode(envelope, marked); },
                     told);
    }
    EXPECT_GT(counts.written, 15'000);
    EXPECT_GT(counts.canonical, 10'000);
    EXPECT_GT(told.written, 15'000);
}

// With the same words, where one thing is wrong.
TEST(WriteAlike, RefusesWhatHasNoPlaceInJson) {
    Marked marked;
    const AnyEvent large{SessionEvent(SessionRefreshed{kExact + 1, ""})};
    const Written refused = written([&] { return std::string(encode(large, marked).payload); });
    EXPECT_FALSE(refused.is_written);
    EXPECT_EQ(refused.text, written([&] { return by_tree::payload_of(large, marked); }).text);
    const EnvelopePlace place{{}, "user", {}};
    EventMetadata late, nobodys;
    late.occurred_at = Instant::at_ms(-kExact - 1);
    nobodys.actor_type = static_cast<ActorType>(99);
    for (const EventMetadata& envelope : {late, nobodys}) {
        const Written got = written([&] { return encode(envelope, place, marked); });
        EXPECT_FALSE(got.is_written);
        EXPECT_EQ(got.text, written([&] { return by_tree::envelope_of(envelope, place, marked); }).text);
        const Written told = written([&] { return encode(envelope, marked); });
        EXPECT_FALSE(told.is_written);
        EXPECT_EQ(told.text, written([&] { return by_tree::envelope_of(envelope, marked); }).text);
    }
}
