// Every stored form that was ever written must be readable for ever: tests/golden/<type>.<version>.json is kept.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "eventstore/aggregates.hpp"
#include "eventstore/codec/codec.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "eventstore/declarations.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;

namespace {

// Shows where a value was sealed, and for which field it opens.
class Marked : public FieldSealer, public FieldOpener {
public:
    std::string seal(std::string_view field, std::string_view clear) override {
        return "sealed:" + std::string(field) + ":" + std::string(clear);
    }
    std::optional<std::string> open(std::string_view field, std::string_view sealed) override {
        const std::string prefix = "sealed:" + std::string(field) + ":";
        if (!sealed.starts_with(prefix)) return std::nullopt;
        return std::string(sealed.substr(prefix.size()));
    }
};

std::string golden(std::string_view type, int version) {
    const std::string path = "tests/golden/" + std::string(type) + "." + std::to_string(version) + ".json";
    std::ifstream in(path);
    EXPECT_TRUE(in) << "add " << path << ": the stored form of this event type, as it is first released";
    std::string text{std::istreambuf_iterator<char>(in), {}};
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

RecordedEvent recorded(const EventTypeInfo& info, std::string payload) {
    RecordedEvent event;
    event.trust = RecordedEvent::Trust::kBelieved;
    event.stream_type = info.stream_type;
    event.type = info.type;
    event.schema_version = static_cast<std::int16_t>(info.schema_version);
    event.payload = std::move(payload);
    return event;
}

template <class Aggregate>
typename Aggregate::Event read_as(std::string_view type, int version, std::string_view payload, FieldOpener& opener) {
    RecordedEvent event;
    event.trust = RecordedEvent::Trust::kBelieved;
    event.stream_type = Aggregate::kStreamType;
    event.type = type;
    event.schema_version = static_cast<std::int16_t>(version);
    event.payload = payload;
    return *event_in<Aggregate>(*decode_any(event, opener));
}

struct Grown {  // an event whose second version got a field
    std::string name;
    std::int64_t count = 0;
    static constexpr std::string_view kType = "test.grown";
    static constexpr int kSchema = 2;
    static constexpr auto fields() { return std::tuple{Field{"name", &Grown::name}, Field{"count", &Grown::count}}; }
};

}  // namespace

template <>
struct keyledger::eventstore::codec::Upcast<Grown> {
    static void from(int version, rapidjson::Document& payload) {
        if (version != 1) throw CodecError("no upcaster for this schema version");
        payload.AddMember("count", 1, payload.GetAllocator());
    }
};

TEST(Codec, ReadsEveryGoldenFileAndWritesItAgainByteForByte) {
    for (const EventTypeInfo& info : event_types()) {
        const std::string payload = golden(info.type, info.schema_version);
        ASSERT_FALSE(payload.empty()) << info.type;
        Marked marked;
        const EncodedEvent again = encode(*decode_any(recorded(info, payload), marked), marked);
        EXPECT_EQ(again.payload, payload) << info.type;
        EXPECT_EQ(again.type, info.type);
        EXPECT_EQ(again.schema_version, info.schema_version);
    }
}

// A field `reason` asks for an outcome (it does not compile without), and the outcome tells what stands in it.
TEST(Codec, TheAuditTrailTellsTheReasonOfEveryEventThatHasOne) {
    for (const EventTypeInfo& info : event_types()) {
        if (!info.find("reason")) continue;
        const std::string payload = golden(info.type, info.schema_version);
        Marked marked;
        const auto told = audit_outcome(*decode_any(recorded(info, payload), marked)).reason;
        ASSERT_TRUE(told) << info.type;
        const std::string word = told->substr(0, told->find(','));
        EXPECT_NE(payload.find("\"reason\":\"" + word + "\""), std::string::npos) << info.type << " tells " << *told;
    }
}

TEST(Codec, EveryPersonalFieldIsStoredSealedAndReadsAsErasedWithoutItsKey) {
    for (const EventTypeInfo& info : event_types()) {
        const std::string payload = golden(info.type, info.schema_version);
        for (const FieldInfo& field : info.fields) {
            if (!field.type.is_personal) continue;
            EXPECT_NE(payload.find("\"" + std::string(field.name) + "\":\"sealed:"), std::string::npos)
                << info.type << " stores " << field.name << " in the clear";
        }
        NullFieldOpener nothing;
        EXPECT_NO_THROW(decode_any(recorded(info, payload), nothing)) << info.type;
    }
}

TEST(Codec, RefusesUnknownTypesVersionsAndFields) {
    Marked marked;
    const auto read = [&](std::string_view type, int version, std::string_view payload) {
        return read_as<User>(type, version, payload, marked);
    };
    EXPECT_NO_THROW(read("user.disabled", 1, R"({"reason":""})"));
    EXPECT_THROW(read("user.vanished", 1, "{}"), CodecError);
    EXPECT_THROW(read("user.disabled", 2, R"({"reason":""})"), CodecError);
    EXPECT_THROW(read("user.disabled", 0, R"({"reason":""})"), CodecError);
    EXPECT_THROW(read("user.disabled", 1, "{}"), CodecError);
    EXPECT_THROW(read("user.disabled", 1, R"({"reason":"","more":1})"), CodecError);
    EXPECT_THROW(read("user.disabled", 1, R"({"reason":7})"), CodecError);
    EXPECT_THROW(read("user.disabled", 1, R"(["reason"])"), CodecError);
    RecordedEvent foreign;
    foreign.trust = RecordedEvent::Trust::kBelieved;
    foreign.stream_type = "invoice";
    EXPECT_THROW(decode_any(foreign, marked), CodecError);
}

TEST(Codec, RefusesAnEnumeratorThatNobodyDeclared) {
    Marked marked;
    EXPECT_THROW(read_as<Session>("session.ended", 1, R"({"reason":"boredom"})", marked), CodecError);
}

TEST(Codec, RefusesToWriteAnIntegerThatADoubleCanNotHold) {
    Marked marked;
    SessionRefreshed event;
    event.generation = (std::int64_t{1} << 53) + 1;
    EXPECT_THROW(encode(SessionEvent(event), marked), CodecError);
}

TEST(Codec, LiftsAnOldVersionToTheCurrentOne) {
    Marked marked;
    const Grown lifted = codec::decode_version<Grown>(R"({"name":"ann"})", 1, marked);
    EXPECT_EQ(lifted.count, 1);
    const Grown current = codec::decode_version<Grown>(R"({"count":5,"name":"ann"})", 2, marked);
    EXPECT_EQ(current.count, 5);
    EXPECT_THROW(codec::decode_version<Grown>(R"({"name":"ann"})", 2, marked), CodecError);
    EXPECT_THROW(codec::decode_version<Grown>(R"({"name":"ann"})", 3, marked), CodecError);
}

// Every version that was ever written has its file: each must be read, and folds as what it says in today's
// words.
TEST(Codec, ReadsEveryOlderVersionAsTheNewest) {
    std::size_t older = 0;
    for (const EventTypeInfo& info : event_types())
        for (int version = 1; version < info.schema_version; ++version, ++older) {
            RecordedEvent event = recorded(info, golden(info.type, version));
            event.schema_version = static_cast<std::int16_t>(version);
            Marked marked;
            EXPECT_NO_THROW(decode_any(event, marked)) << info.type << ' ' << version;
        }
    EXPECT_GE(older, 4u);
}

TEST(Codec, ReadsTheFirstRolesAsRolesThatDenyNothing) {
    Marked marked;
    const auto read = [&](const char* type) { return read_as<Role>(type, 1, golden(type, 1), marked); };
    const Role defined = evolve(Role{}, read("role.defined"), {1, {}});
    EXPECT_EQ(defined.name, "Billing.Clerk");
    const std::vector<std::string> granted{"invoices:*", "orders:read"};
    EXPECT_EQ(defined.rules, AccessRules(PermissionSet::of_texts(granted)));
    const Role changed = evolve(defined, read("role.changed"), {2, {}});
    const std::vector<std::string> later{"invoices:read"};
    EXPECT_EQ(changed.rules, AccessRules(PermissionSet::of_texts(later)));
}

TEST(Codec, ReadsTheFirstAssignmentsAsThoseOfUsers) {
    Marked marked;
    const auto read = [&](const char* type) { return read_as<Assignments>(type, 1, golden(type, 1), marked); };
    const auto assigned = read("role.assigned");
    const auto& event = std::get<RoleAssigned>(assigned);
    EXPECT_EQ(event.subject_type, SubjectType::kUser);
    EXPECT_EQ(event.subject_id.to_string(), "0192e4a0-0000-7abc-8def-0123456789ab");
    const Assignments there = evolve(Assignments{}, assigned, {1, {}});
    EXPECT_TRUE(there.holds(event.role_id));
    EXPECT_FALSE(evolve(there, read("role.withdrawn"), {2, {}}).holds(event.role_id));
}

TEST(Codec, ReadsTheFirstConsentsAsThoseToNoResourceServer) {
    Marked marked;
    const auto consent =
        evolve(Consent{}, read_as<Consent>("consent.given", 1, golden("consent.given", 1), marked), {1, {}});
    EXPECT_TRUE(consent.covers({"email", "openid"}, {}));
    EXPECT_FALSE(consent.covers({"openid"}, {"https://stock.example"}));
}

TEST(Codec, RefusesAnOldVersionThatIsNotWhatItWas) {
    Marked marked;
    const auto read = [&](const char* payload) { return read_as<Assignments>("role.assigned", 1, payload, marked); };
    EXPECT_THROW(read(R"({"role_id":"0192e4a0-0000-7abc-8def-0123456789ac"})"), CodecError);
    EXPECT_THROW(read(R"(["user_id"])"), CodecError);
    EXPECT_THROW(read(R"({"role_id":"0192e4a0-0000-7abc-8def-0123456789ac","subject_type":"group",
                          "user_id":"0192e4a0-0000-7abc-8def-0123456789ab"})"),
                 CodecError);
}
