#include "app/config/access_file.hpp"

#include <gtest/gtest.h>

#include "app/config/yaml.hpp"

using namespace keyledger;
using namespace keyledger::app;

namespace {

std::string error_of(std::string_view text) {
    const auto read = read_access_file(text);
    return read ? "none" : read.error();
}

TEST(AccessFileTest, ReadsRolesAndGroups) {
    const auto file = read_access_file(R"(
# what an application has
roles:
  viewer:
    permissions: ["todos:read"]
  editor:
    permissions: [todos:create, todos:read, "todos:update@own"]
    deny:
      - todos/1:read
  guest: ~
groups:
  staff: {roles: [editor], groups: [interns]}
  interns: {}
  old: {state: absent}
)");
    ASSERT_TRUE(file.has_value()) << file.error();
    ASSERT_EQ(file->roles.size(), 3U);
    EXPECT_EQ(file->roles[0].name, "viewer");
    EXPECT_EQ(file->roles[1].definition->permissions,
              (std::vector<std::string>{"todos:create", "todos:read", "todos:update@own"}));
    EXPECT_EQ(file->roles[1].definition->deny, std::vector<std::string>{"todos/1:read"});
    EXPECT_FALSE(file->roles[2].definition.has_value());
    ASSERT_EQ(file->groups.size(), 3U);
    EXPECT_EQ(file->groups[0].name, "interns") << "before the group that it is nested in";
    EXPECT_TRUE(file->groups[0].definition.has_value());
    EXPECT_EQ(file->groups[1].definition->roles, std::vector<std::string>{"editor"});
    EXPECT_EQ(file->groups[1].definition->groups, std::vector<std::string>{"interns"});
    EXPECT_FALSE(file->groups[2].definition.has_value());
}

TEST(AccessFileTest, RefusesGroupsThatStandInACircle) {
    EXPECT_EQ(error_of("groups: {a: {groups: [b]}, b: {groups: [C]}, c: {groups: [A]}, d: {}}").substr(0, 40),
              "line 1: groups stand in a circle, of whi");
    EXPECT_NE(error_of("groups: {a: {groups: [a]}}"), "none");
    EXPECT_EQ(error_of("groups: {a: {groups: [b, other]}, b: {}}"), "none");
}

// A value that was forgotten, or lost by whatever wrote the file, deletes nothing.
TEST(AccessFileTest, DeletesOnlyWhatItSaysIsAbsent) {
    for (const char* absent : {"null", "~", "{state: absent}", "{\"state\": \"absent\"}"}) {
        const auto file = read_access_file(std::string("roles: {a: ") + absent + "}\ngroups: {b: " + absent + "}\n");
        ASSERT_TRUE(file.has_value()) << absent << ": " << file.error();
        EXPECT_FALSE(file->roles[0].definition.has_value()) << absent;
        EXPECT_FALSE(file->groups[0].definition.has_value()) << absent;
    }
    for (const char* there : {"{}", "{state: present}"}) {
        const auto file = read_access_file(std::string("roles: {a: ") + there + "}\ngroups: {b: " + there + "}\n");
        ASSERT_TRUE(file.has_value()) << there << ": " << file.error();
        EXPECT_TRUE(file->roles[0].definition.has_value()) << there;
        EXPECT_TRUE(file->groups[0].definition.has_value()) << there;
    }
    const std::pair<const char*, const char*> kRefused[] = {
        {"roles:\n  a:\n", "line 2: role 'a' has no value; write null or {state: absent} to delete it"},
        {"groups:\n  b:\n", "line 2: group 'b' has no value; write null or {state: absent} to delete it"},
        {"roles: {a: }", "line 1: role 'a' has no value"},
        {"roles:\n  a:\n    permissions:\n", "line 3: permissions has no value; write [] for none"},
        {"roles:\n  a: {permissions: [], deny: }\n", "line 2: deny has no value; write [] for none"},
        {"groups:\n  b:\n    roles:\n    groups: [c]\n", "line 3: roles has no value; write [] for none"},
        {"groups:\n  b:\n    groups: null\n", "line 3: groups has no value; write [] for none"},
        {"roles: {a: {state: gone}}", "line 1: state is 'absent' or 'present'"},
        {"roles: {a: {state: }}", "line 1: state is 'absent' or 'present'"},
        {"roles: {a: {state: absent, permissions: [\"a:b\"]}}",
         "line 1: role 'a' is to be absent, and has other members"},
        {"roles: {a: \"\"}", "line 1: role 'a' is not a map"},
        {"roles: {a: null}\ngroups: {b: {roles: [A]}}", "line 1: group 'b' has the role 'A', which this file deletes"},
        {"groups: {b: {groups: [c]}, c: {state: absent}}",
         "line 1: group 'b' has the group 'c', which this file deletes"},
    };
    for (const auto& [text, error] : kRefused)
        EXPECT_EQ(error_of(text).substr(0, std::string_view(error).size()), error) << text;
}

TEST(AccessFileTest, ReadsJson) {
    const auto file = read_access_file(R"({"roles": {"viewer": {"permissions": ["todos:read"], "deny": []}}})");
    ASSERT_TRUE(file.has_value()) << file.error();
    ASSERT_EQ(file->roles.size(), 1U);
    EXPECT_EQ(file->roles[0].definition->permissions, std::vector<std::string>{"todos:read"});
    EXPECT_TRUE(file->groups.empty());
}

TEST(AccessFileTest, NamesTheLineOfWhatIsWrong) {
    EXPECT_EQ(error_of("roles:\n  viewer:\n    permission: []\n"),
              "line 3: role 'viewer' has a member 'permission'; known are: permissions, deny, state");
    EXPECT_EQ(error_of("roles:\n  viewer:\n    permissions: [todos]\n").substr(0, 45),
              "line 3: role 'viewer': 'todos' is no permissi");
    EXPECT_EQ(error_of("roles:\n  administrator: {}\n"),
              "line 2: the role 'administrator' is built in; it is neither changed nor deleted");
    EXPECT_EQ(error_of("roles:\n  Administrator: {}\n").substr(0, 11), "line 2: the");
    EXPECT_EQ(error_of("rules: {}\n"),
              "line 1: the file has a member 'rules'; known are: roles, default_roles, groups, service_accounts");
    EXPECT_EQ(error_of("roles: {a b: {}}").substr(0, 35), "line 1: 'a b' is no name of a role:");
    EXPECT_EQ(error_of("roles: [viewer]"), "line 1: roles is not a map of names");
    EXPECT_EQ(error_of("roles: {a: {permissions: todos:read}}"), "line 1: permissions is not a list");
    EXPECT_EQ(error_of("roles: {a: {permissions: [[x]]}}"), "line 1: an item of permissions is not a text");
    EXPECT_EQ(error_of("groups: {a: {roles: [\"\"]}}").substr(0, 35), "line 1: '' is no name of a role: 1 ");
    EXPECT_EQ(error_of("roles: {a: {deny: [\"keyledger.roles:write\"]}}").substr(0, 40),
              "line 1: role 'a' denies 'keyledger.roles");
    EXPECT_EQ(error_of("[]"), "line 1: the file is not a map of names to values");
    EXPECT_EQ(error_of(""), "line 1: the file is not a map of names to values");
}

TEST(AccessFileTest, ReadsDefaultRoles) {
    EXPECT_FALSE(read_access_file("roles: {a: {}}")->default_roles.has_value()) << "they stay as they are";
    EXPECT_TRUE(read_access_file("default_roles: []")->default_roles->empty());
    const auto file = read_access_file("roles:\n  viewer: {permissions: [\"a:b\"]}\ndefault_roles: [Viewer, other]\n");
    ASSERT_TRUE(file.has_value()) << file.error();
    EXPECT_EQ(*file->default_roles, (std::vector<std::string>{"Viewer", "other"}));
    EXPECT_EQ(error_of("default_roles:\n").substr(0, 35), "line 1: default_roles has no value;");
    EXPECT_EQ(error_of("default_roles: viewer\n"), "line 1: default_roles is not a list");
    EXPECT_EQ(error_of("default_roles: [a b]").substr(0, 34), "line 1: 'a b' is no name of a role");
    EXPECT_EQ(error_of("default_roles: [a,b,c,d,e,f,g,h,i]"), "line 1: more than 8 default roles");
    EXPECT_EQ(error_of("default_roles: [Administrator]"), "line 1: the role 'administrator' is not for everyone");
    EXPECT_EQ(error_of("roles: {a: null}\ndefault_roles: [A]"),
              "line 2: the default role 'A' is to be deleted by this file");
    for (const char* text : {"keyledger.users:read", "*:read"})
        EXPECT_EQ(
            error_of("roles: {a: {permissions: [\"" + std::string(text) + "\"]}}\ndefault_roles: [a]").substr(0, 40),
            "line 2: the role 'a' would let all users");
}

TEST(AccessFileTest, PointsFromEveryoneToDefaultRoles) {
    const std::string hint =
        "line 1: 'everyone' is the built-in group of all users; name its roles under default_roles: at the "
        "top, as a list";
    for (const char* name : {"everyone", "Everyone", "EVERYONE"}) {
        EXPECT_EQ(error_of("groups: {" + std::string(name) + ": {roles: [viewer]}}"), hint);
        EXPECT_EQ(error_of("groups: {" + std::string(name) + ": null}"), hint);
        EXPECT_EQ(error_of("groups: {staff: {groups: [" + std::string(name) + "]}}"), hint);
    }
}

TEST(AccessFileTest, ReadsTheGroupsOfServiceAccounts) {
    EXPECT_TRUE(read_access_file("roles: {a: {}}")->accounts.empty()) << "they stay as they are";
    const auto file =
        read_access_file("service_accounts:\n  Billing: {groups: [staff, other]}\n  mailer: {groups: []}\n");
    ASSERT_TRUE(file.has_value()) << file.error();
    ASSERT_EQ(file->accounts.size(), 2U);
    EXPECT_EQ(file->accounts[0].account, "Billing");
    EXPECT_EQ(file->accounts[0].groups, (std::vector<std::string>{"staff", "other"}));
    EXPECT_TRUE(file->accounts[1].groups.empty());
    const std::pair<const char*, const char*> kRefused[] = {
        {"service_accounts:\n  a:\n", "line 2: service account 'a' has no value; a file deletes none"},
        {"service_accounts: {a: null}", "line 1: service account 'a' has no value; a file deletes none"},
        {"service_accounts: {a: {}}", "line 1: service account 'a' has no 'groups'; write [] for none"},
        {"service_accounts: {a: {groups: }}", "line 1: groups has no value; write [] for none"},
        {"service_accounts: {a: {groups: b}}", "line 1: groups is not a list"},
        {"service_accounts: {a: {state: absent}}",
         "line 1: service account 'a' has a member 'state'; known are: groups"},
        {"service_accounts: {a: [b]}", "line 1: service account 'a' is not a map"},
        {"service_accounts: [a]", "line 1: service_accounts is not a map of names"},
        {"service_accounts: {a b: {groups: []}}", "line 1: 'a b' is no name of a service account"},
        {"service_accounts: {a: {groups: [b c]}}", "line 1: 'b c' is no name of a group"},
        {"service_accounts: {a: {groups: [Everyone]}}", "line 1: 'everyone' is the group of all users"},
        {"service_accounts: {a: {groups: [a,b,c,d,e,f,g,h,i]}}",
         "line 1: service account 'a' is in more than 8 groups"},
        {"service_accounts:\n  a: {groups: []}\n  A: {groups: []}\n", "line 3: 'A' is given twice"},
        {"groups: {b: null}\nservice_accounts: {a: {groups: [B]}}",
         "line 1: service account 'a' is in the group 'B', which this file deletes"},
    };
    for (const auto& [text, error] : kRefused)
        EXPECT_EQ(error_of(text).substr(0, std::string_view(error).size()), error) << text;
}

TEST(AccessFileTest, RefusesWhatIsGivenTwice) {
    EXPECT_EQ(error_of("roles:\n  a: {}\n  a: {}\n"), "line 3: 'a' is given twice");
    EXPECT_EQ(error_of("roles:\n  a: {}\n  A: {}\n"), "line 3: 'A' is given twice; case does not make names differ");
}

TEST(AccessFileTest, RefusesMoreThanARoleMayHave) {
    std::string text = "roles: {a: {permissions: [";
    for (std::size_t i = 0; i <= kMaxPermissionsPerRole; ++i) text += "\"todos/" + std::to_string(i) + ":read\",";
    text += "]}}";
    EXPECT_EQ(error_of(text), "line 1: role 'a' has more than 128 permissions and denials");
}

// A file of a kilobyte that would grow to gigabytes, and other tricks of the language.
TEST(YamlTest, ReadsNoTricks) {
    const auto error = [](std::string_view text) {
        const auto read = parse_yaml(text);
        return read ? std::string("none") : read.error();
    };
    EXPECT_EQ(error("a: &a [x]\nb: *a\n"), "line 1: anchors are not read; write it out");
    EXPECT_EQ(error("a: *a\n"), "line 1: aliases are not read; write it out");
    EXPECT_EQ(error("a: !!str x\n"), "line 1: tags are not read");
    EXPECT_EQ(error("a: 1\n---\nb: 2\n"), "line 2: one document is read, here is another");
    EXPECT_EQ(error("a: 1\n---\n").substr(0, 7), "line 2:");
    EXPECT_EQ(error("? [x]\n: 1\n"), "line 1: a member needs a name");
    EXPECT_EQ(error("a: \"x\\0\"\n"), "line 1: a text holds U+0000");
    EXPECT_EQ(error(std::string(18, '[')), "line 1: nested more than 16 deep");
    EXPECT_NE(error("a: [1\n"), "none");
    EXPECT_NE(error("a: \xFF\n"), "none");
    EXPECT_NE(error(std::string(kMaxYamlBytes + 1, ' ')), "none");
    std::string many = "[";
    for (std::size_t i = 0; i < kMaxYamlNodes; ++i) many += "1,";
    EXPECT_EQ(error(many + "]"), "line 1: more than 100000 values");
}

TEST(YamlTest, TellsTextsFromNothing) {
    const auto read = parse_yaml("[~, null, \"null\", '', x]");
    ASSERT_TRUE(read.has_value()) << read.error();
    ASSERT_EQ(read->items.size(), 5U);
    EXPECT_EQ(read->items[0].kind, YamlNode::Kind::kNothing);
    EXPECT_EQ(read->items[1].kind, YamlNode::Kind::kNothing);
    EXPECT_EQ(read->items[2].kind, YamlNode::Kind::kScalar);
    EXPECT_EQ(read->items[3].kind, YamlNode::Kind::kScalar);
    EXPECT_EQ(read->items[4].text, "x");
}

}  // namespace
