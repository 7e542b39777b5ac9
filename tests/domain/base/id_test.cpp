#include "domain/base/id.hpp"

#include <gtest/gtest.h>

#include <concepts>
#include <unordered_map>

namespace keyledger {
namespace {

// ---- what does not compile -------------------------------------------------------------------------------------
template <class A, class B>
concept Comparable = requires(const A& a, const B& b) { a == b; };
template <class A, class B>
concept Ordered = requires(const A& a, const B& b) { a < b; };

// Two kinds neither convert, not even by a word, nor compare.
static_assert(!std::convertible_to<UserId, SessionId>);
static_assert(!std::constructible_from<UserId, SessionId>);
static_assert(!std::constructible_from<GroupId, RoleId>);
static_assert(!Comparable<UserId, SessionId> && !Ordered<UserId, SessionId>);
static_assert(!Comparable<ServiceAccountId, ServiceTokenId> && !Ordered<ServiceAccountId, ServiceTokenId>);
static_assert(Comparable<UserId, UserId> && Ordered<UserId, UserId>);

// A UUID becomes an id by a word alone, and never in braces: a struct of ids takes none.
struct Pair {
    UserId user_id;
    SessionId session_id;
};
template <class... Argument>
concept MakesPair = requires(const Argument&... argument) { Pair{argument...}; };
static_assert(!std::convertible_to<Uuid, UserId>);
static_assert(std::constructible_from<UserId, Uuid>);
static_assert(MakesPair<UserId, SessionId>);
static_assert(!MakesPair<SessionId, UserId>);
static_assert(!MakesPair<Uuid, Uuid>);
static_assert(std::convertible_to<UserId, const Uuid&>, "generic code reads it");

// A user's id is a subject's; a subject's is a user's where somebody who knows says so.
static_assert(std::convertible_to<UserId, SubjectId> && Comparable<SubjectId, UserId>);
static_assert(!std::convertible_to<SubjectId, UserId>);
static_assert(std::constructible_from<UserId, SubjectId>);
static_assert(!std::constructible_from<SubjectId, SessionId>);
static_assert(!std::constructible_from<SubjectId, RoleId>);

// ---- what it is ------------------------------------------------------------------------------------------------
constexpr Uuid kOne{{1}};
constexpr Uuid kTwo{{2}};

static_assert(sizeof(UserId) == sizeof(Uuid));

TEST(Id, IsReadAsItsUuid) {
    const UserId id{kOne};
    EXPECT_EQ(id.to_string(), kOne.to_string());
    EXPECT_EQ(UserId::parse(kOne.to_string()), id);
    EXPECT_EQ(UserId::parse("ann"), std::nullopt);
    EXPECT_TRUE(UserId{}.is_nil());
    EXPECT_FALSE(id.is_nil());
    EXPECT_EQ(SubjectId(id).uuid, kOne);
}

TEST(Id, ComparesWithinItsKind) {
    EXPECT_EQ(UserId{kOne}, UserId{kOne});
    EXPECT_LT(UserId{kOne}, UserId{kTwo});
    EXPECT_TRUE(SubjectId{kOne} == UserId{kOne});
    EXPECT_FALSE(SubjectId{kOne} == GroupId{kTwo});
}

TEST(Id, IsAKeyOfTables) {
    std::unordered_map<SessionId, int> table{{SessionId{kOne}, 1}};
    EXPECT_EQ(table.at(SessionId{kOne}), 1);
    EXPECT_FALSE(table.contains(SessionId{kTwo}));
    EXPECT_EQ(std::hash<SessionId>{}(SessionId{kOne}), std::hash<Uuid>{}(kOne));
}

}  // namespace
}  // namespace keyledger
