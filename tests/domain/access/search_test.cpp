#include "domain/access/search.hpp"

#include <gtest/gtest.h>

#include <random>

namespace keyledger {
namespace {

using Texts = std::vector<std::string>;
using Roles = std::vector<std::shared_ptr<const Role>>;

const UserId kAnn{{1}};
const UserId kBob{{2}};

std::shared_ptr<const Role> role(const Texts& allow, const Texts& deny = {}) {
    Role made;
    made.status = Role::Status::kDefined;
    made.rules = AccessRules(PermissionSet::of_texts(allow), PermissionSet::of_texts(deny));
    return std::make_shared<const Role>(std::move(made));
}

TEST(Search, FindsTheInstancesThatPermissionsName) {
    const Roles roles{role({"docs/b:read", "docs/a:*", "docs/c:write", "mails/d:read", "docs/e:read@own"}),
                      role({"docs/b:read"}, {"docs/f:read"}), role({"docs/f:read"})};
    EXPECT_EQ(permitted_instances(roles, kAnn, {"docs", "read"}), (Texts{"a", "b"}));
    EXPECT_EQ(permitted_instances(roles, kAnn, {"docs", "write"}), (Texts{"a", "c"}));
    EXPECT_EQ(permitted_instances(roles, kAnn, {"invoices", "read"}), Texts{});
    EXPECT_EQ(permitted_instances({}, kAnn, {"docs", "read"}), Texts{});
}

TEST(Search, CountsWhatIsOnesOwnWhereTheOwnerIsSaid) {
    const Roles roles{role({"docs/a:read", "docs/e:read@own"}, {"docs/a:read@own"})};
    const std::string ann = kAnn.to_string();
    const std::string bob = kBob.to_string();
    EXPECT_EQ(permitted_instances(roles, kAnn, {"docs", "read"}), Texts{}) << "who knows whose it is";
    EXPECT_EQ(permitted_instances(roles, kAnn, {"docs", "read", {}, ann}), Texts{"e"});
    EXPECT_EQ(permitted_instances(roles, kAnn, {"docs", "read", {}, bob}), Texts{"a"});
}

// An empty list would be a lie, and so would be the few that are named.
TEST(Search, SaysThatResourcesCantBeToldOneByOne) {
    const std::string ann = kAnn.to_string();
    for (const auto& one : {role({"docs:read", "docs/a:read"}), role({"*:read"}), role({"docs:*"}, {"docs/a:read"})})
        EXPECT_EQ(permitted_instances(Roles{one}, kAnn, {"docs", "read"}), std::nullopt);
    const Roles own{role({"docs:read@own", "docs/a:read"})};
    EXPECT_EQ(permitted_instances(own, kAnn, {"docs", "read", {}, ann}), std::nullopt);
    EXPECT_EQ(permitted_instances(own, kAnn, {"docs", "read"}), Texts{"a"});
    const Roles denied{role({"*:*", "docs/a:read"}), role({}, {"docs:read"})};
    EXPECT_EQ(permitted_instances(denied, kAnn, {"docs", "read"}), Texts{}) << "none at all is a list";
}

TEST(Search, KnowsTheActionsThatRolesName) {
    std::set<std::string> actions;
    for (const auto& one :
         {role({"docs:read", "docs/a:share", "mails:send", "docs:*"}), role({"*:list"}, {"docs:burn"})})
        add_actions(actions, one->rules, "docs");
    EXPECT_EQ(actions, (std::set<std::string>{"burn", "list", "read", "share"}));
    const Roles ann{role({"docs:*"}, {"docs:burn", "docs/a:list"})};
    EXPECT_EQ(permitted_actions(ann, kAnn, {"docs", {}, "a"}, actions), (Texts{"read", "share"}));
    EXPECT_EQ(permitted_actions(ann, kAnn, {"docs", {}, "b"}, actions), (Texts{"list", "read", "share"}));
    EXPECT_EQ(permitted_actions({}, kAnn, {"docs", {}, "a"}, actions), Texts{});
}

// Whatever the roles are, a search finds what an evaluation allows, and nothing else.
TEST(Search, AgreesWithEvaluations) {
    std::mt19937 random(20261122);
    const auto one_of = [&](const Texts& texts) { return texts[random() % texts.size()]; };
    const Texts ids{"a", "b", "c", "d"};
    const Texts actions{"read", "write", "burn"};
    const Texts soft{"burn%3Fsoft%3Dtrue"};
    const auto permission = [&] {
        const std::string type = one_of({"docs", "docs", "mails", "*"});
        const std::string instance = type != "*" && random() % 2 ? "/" + one_of(ids) : "";
        return type + instance + ":" + one_of({"read", "write", "burn", soft[0], "*"}) + one_of({"", "", "@own"});
    };
    int listed = 0;
    int not_listable = 0;
    for (int round = 0; round < 3000; ++round) {
        Roles roles;
        for (auto count = random() % 3; count > 0; --count) {
            const Texts allow{permission(), permission()};
            roles.push_back(random() % 2 ? role(allow) : role(allow, {permission()}));
        }
        const std::string owner = random() % 2 ? kAnn.to_string() : kBob.to_string();
        AccessQuestion question{"docs", actions[random() % actions.size()]};
        if (random() % 2) question.owner = owner;
        if (question.action == "burn" && random() % 2) question.qualified = soft;
        const auto instances = permitted_instances(roles, kAnn, question);
        for (const std::string& id :
             {std::string("a"), std::string("b"), std::string("c"), std::string("d"), std::string("never-named")}) {
            AccessQuestion asked = question;
            asked.instance = id;
            const bool permitted = permits(roles, kAnn, asked);
            if (instances) {
                EXPECT_EQ(permitted, std::ranges::count(*instances, id) == 1) << id << " in round " << round;
            } else if (id == "never-named") {
                EXPECT_TRUE(permitted) << "in round " << round;
            }
            asked.qualified = {};
            const bool permitted_whatever = permits(roles, kAnn, asked);
            const auto found = permitted_actions(roles, kAnn, asked, {actions.begin(), actions.end()});
            EXPECT_EQ(permitted_whatever, std::ranges::count(found, question.action) == 1);
        }
        if (!instances) ++not_listable;
        if (instances && !instances->empty()) ++listed;
    }
    EXPECT_GT(listed, 200);
    EXPECT_GT(not_listable, 300);
}

}  // namespace
}  // namespace keyledger
