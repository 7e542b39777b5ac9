#include <algorithm>

#include "domain/users/user.hpp"
#include "tests/support/world/history.hpp"

namespace keyledger {
namespace {

using test::kDay;
using test::kNow;
using Events = std::vector<UserEvent>;

constexpr const char* kIssuer = "https://there.example";
const LinkedIdentityId kFirst{test::uuid(0x51)};
const LinkedIdentityId kSecond{test::uuid(0x52)};
const SessionId kSession{test::uuid(0x53)};

LinkIdentity link(const LinkedIdentityId& id, std::string subject) {
    return {id, "google", kIssuer, std::move(subject), "ann@there.example", LinkedBy::kUser};
}
User linked(User user, const LinkIdentity& command, Instant at = kNow) {
    Position position = user.sessions_ended_before + 20;
    const auto events = decide(user, command);
    for (const UserEvent& event : *events) user = evolve(std::move(user), event, {++position, at});
    return user;
}
std::vector<std::string> keys_of(const User& user) {
    std::vector<std::string> keys;
    for (const ClaimedName& name : user.held_names())
        if (name.kind == "identity") keys.push_back(name.key);
    return keys;
}
using Keys = std::vector<std::string>;

TEST(LinkedIdentities, AreTheirUsersAlone) {
    const User ann = linked(linked(test::given_user(), link(kFirst, "1")), link(kSecond, "2"));
    EXPECT_EQ(keys_of(ann), (Keys{"https://there.example 1", "https://there.example 2"}));
    EXPECT_EQ(ann.find_identity(kIssuer, "2")->id, kSecond);
    EXPECT_EQ(ann.find_identity("https://elsewhere.example", "2"), nullptr) << "a subject is one of its issuer's";
    EXPECT_TRUE(ann.has_personal_data());
}

TEST(LinkedIdentities, AreLinkedOnce) {
    const User ann = linked(test::given_user(), link(kFirst, "1"));
    EXPECT_TRUE(decide(ann, link(kSecond, "1"))->empty());
}

TEST(LinkedIdentities, AreSoManyAtMost) {
    User ann = test::given_user();
    for (std::size_t i = 0; i < kMaxLinkedIdentities; ++i)
        ann = linked(ann, link(LinkedIdentityId{test::uuid(static_cast<std::uint8_t>(i))}, std::to_string(i)));
    EXPECT_TRUE(test::refuses(decide(ann, link(kFirst, "more")), refusals::kTooManyIdentities));
}

TEST(LinkedIdentities, AreOfNobodyWhoIsNotActive) {
    EXPECT_TRUE(test::refuses(decide(User{}, link(kFirst, "1")), refusals::kUserUnknown));
    const User disabled = test::further(test::given_user(), UserDisabled{""}, {20, kNow});
    EXPECT_TRUE(test::refuses(decide(disabled, link(kFirst, "1")), refusals::kUserDisabled));
}

TEST(LinkedIdentities, OpenNothingOnceTheyAreUnlinked) {
    const User ann = linked(linked(test::given_user(), link(kFirst, "1")), link(kSecond, "2"));
    const auto unlinked = decide(ann, UnlinkIdentity{kFirst, kSession});
    ASSERT_TRUE(unlinked);
    const User after = test::further(ann, unlinked->front(), {40, kNow});
    EXPECT_EQ(keys_of(after), (Keys{"https://there.example 2"}));
    EXPECT_EQ(after.security_stamp, ann.security_stamp + 1) << "a session may have begun by it";
    EXPECT_FALSE(after.ended_session(kSession, 1));
    EXPECT_TRUE(test::refuses(decide(after, UnlinkIdentity{kFirst}), refusals::kIdentityUnknown));
}

// I16: what whoever took the account over linked goes, also of the days before; with what it began stays.
TEST(LinkedIdentities, GoWithATakeoverThatIsUndone) {
    User ann = test::given_user();
    const UserIdentityLinked began{kFirst, "google", {kIssuer}, {"1"}, {}, LinkedBy::kRegistration};
    ann = test::further(std::move(ann), began, {20, kNow});
    ann = linked(std::move(ann), link(kSecond, "2"), kNow + kDay);
    const auto gone = [&](Instant since) {
        std::vector<LinkedIdentityId> ids;
        const auto events = decide(ann, UnlinkIdentitiesSince{since});
        for (const UserEvent& event : *events) ids.push_back(std::get<UserIdentityUnlinked>(event).identity_id);
        return ids;
    };
    EXPECT_EQ(gone(kNow), (std::vector{kSecond}));
    EXPECT_EQ(gone(kNow + kDay * 8 - milliseconds(1)), (std::vector{kSecond}));
    EXPECT_EQ(gone(kNow + kDay * 8), std::vector<LinkedIdentityId>{});
}

TEST(LinkedIdentities, GoWithTheirUser) {
    const User ann = linked(test::given_user(), link(kFirst, "1"));
    const User erased = test::further(ann, UserErased{}, {40, kNow});
    EXPECT_EQ(keys_of(erased), Keys{});
    EXPECT_FALSE(erased.has_personal_data());
    // Read again once the key is gone: what was sealed is empty.
    const User sealed = test::further(test::given_user(),
                                      UserIdentityLinked{kFirst, "google", {}, {}, {}, LinkedBy::kUser}, {20, kNow});
    EXPECT_EQ(keys_of(sealed), Keys{});
    EXPECT_EQ(sealed.find_identity("", ""), nullptr);
}

}  // namespace
}  // namespace keyledger
