// What somebody may is answered from their roles as they are. Here it is held against one set of all that these say.
#include "domain/access/subject_access.hpp"

#include <gtest/gtest.h>

#include <random>

namespace keyledger {
namespace {

using Texts = std::vector<std::string>;

const Texts kTexts{"*:*",
                   "*:read",
                   "docs:*",
                   "docs:read",
                   "docs:read@own",
                   "docs/a:read",
                   "docs/a:read@own",
                   "docs/b:write",
                   "mails:send",
                   "mails.lists:send",
                   "todos:read",
                   "todos:write@own",
                   "todos:*",
                   "keyledger.users:read",
                   "keyledger.users:*"};

Texts some_of(std::mt19937& random, std::size_t most) {
    Texts some;
    for (std::size_t left = random() % (most + 1); left > 0; --left) some.push_back(kTexts[random() % kTexts.size()]);
    return some;
}

SubjectAccess with_roles(std::mt19937& random) {
    SubjectAccess access;
    for (std::size_t left = random() % 4; left > 0; --left) {
        Role role;
        const Texts allowed = some_of(random, 5);
        const Texts denied = some_of(random, 2);
        role.rules = AccessRules(PermissionSet::of_texts(allowed), PermissionSet::of_texts(denied));
        access.roles.push_back(std::make_shared<const Role>(std::move(role)));
    }
    return access;
}

TEST(SubjectAccess, TellsTheTextsOfItsScope) {
    constexpr std::uint32_t kSeed = 20261201;
    RecordProperty("seed", std::to_string(kSeed));
    std::mt19937 random(kSeed);
    for (int i = 0; i < 2'000; ++i) {
        const SubjectAccess access = with_roles(random);
        SCOPED_TRACE(i);
        ASSERT_EQ(access.scope_texts([](const Permission&) { return true; }), access.scope().texts());
        const auto is_of_docs = [](const Permission& permission) { return permission.resource == "docs"; };
        std::vector<Permission> of_docs = access.scope().permissions();
        std::erase_if(of_docs, [&](const Permission& permission) { return !is_of_docs(permission); });
        ASSERT_EQ(access.scope_texts(is_of_docs), PermissionSet(of_docs).texts());
    }
}

TEST(SubjectAccess, CoversWhatAllItsRolesTogetherDo) {
    constexpr std::uint32_t kSeed = 20261202;
    RecordProperty("seed", std::to_string(kSeed));
    std::mt19937 random(kSeed);
    for (int i = 0; i < 2'000; ++i) {
        const SubjectAccess access = with_roles(random);
        const AccessRules rules = access.rules();
        SCOPED_TRACE(i);
        for (const std::string& text : kTexts) {
            const Permission wanted = *parse_permission(text);
            ASSERT_EQ(access.covers(wanted), rules.covers(wanted)) << text;
        }
    }
}

TEST(ServiceAccess, KeepsOfAScopeWhatIsHeldStill) {
    Role role;
    role.rules = AccessRules(PermissionSet::of_texts(Texts{"docs:*", "mails:send"}),
                             PermissionSet::of_texts(Texts{"docs:burn"}));
    ServiceAccess access;
    EXPECT_EQ(access.still_held({"docs:read"}), Texts{});
    access.held.roles = {std::make_shared<const Role>(role)};
    EXPECT_EQ(access.still_held({"mails:send", "docs:read", "docs:burn", "docs:*", "todos:read", "no permission"}),
              (Texts{"mails:send", "docs:read"}));
}

}  // namespace
}  // namespace keyledger
