// The rules of an application, from an access file to the decisions over HTTP.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kExample = KEYLEDGER_SOURCE_DIR "/examples/access/todos.yaml";

std::string written(const std::string& text) {
    const std::filesystem::path path = deployment().folder() / unique("access");
    std::ofstream(path) << text;
    return path.string();
}
ProcessResult apply(const std::string& path, std::vector<std::string> more = {}) {
    std::vector<std::string> words{"access", "apply", path};
    words.insert(words.end(), more.begin(), more.end());
    return deployment().run(words);
}

// Without the position, which other tests' events move.
std::string without_position(const ProcessResult& finished) {
    const auto at = finished.output.find(", up to position ");
    return at == std::string::npos ? finished.output : finished.output.substr(0, at) + ".\n";
}
HttpHeaders since_last_of(const ProcessResult& applied) {
    const std::string before = "up to position ";
    const auto at = applied.output.find(before);
    if (at == std::string::npos) return {};
    return {{"Keyledger-Min-Position", std::to_string(std::atoll(applied.output.c_str() + at + before.size()))}};
}

// The id of what has that name in a list.
std::string id_named(ApiClient& admin, const std::string& list, const std::string& name, const HttpHeaders& since) {
    std::string cursor;
    do {
        const std::string path = list + "?limit=100" + (cursor.empty() ? "" : "&cursor=" + cursor);
        const Answer page = admin.get(path, since);
        EXPECT_EQ(page.status, 200) << page.body;
        for (std::size_t i = 0;; ++i) {
            const std::string item = "/items/" + std::to_string(i);
            if (!page.has(item.c_str())) break;
            if (page.text((item + "/name").c_str()) == name) return page.text((item + "/id").c_str());
        }
        cursor = page.is_null("/next") ? "" : page.text("/next");
    } while (!cursor.empty());
    ADD_FAILURE() << "there is no " << name << " in " << list;
    return {};
}

enum class Of { kNobody, kOneself, kSomebodyElse };
struct Row {
    const char* who;
    const char* resource;
    const char* id;
    Of owner;
    const char* action;
    bool decision;
};
// Viewers read; editors create, and update and delete what is theirs; administrators delete what is
// anybody's; the evil genius updates what is anybody's; a review takes away what nothing gives back; and
// whoever registered is a viewer.
constexpr Row kRows[] = {
    {"viewer", "people", "7", Of::kNobody, "read", true},
    {"viewer", "todos", "1", Of::kNobody, "read", true},
    {"viewer", "todos", "1", Of::kSomebodyElse, "read", true},
    {"viewer", "todos", "1", Of::kNobody, "create", false},
    {"viewer", "todos", "1", Of::kOneself, "update", false},
    {"viewer", "todos", "1", Of::kSomebodyElse, "update", false},
    {"viewer", "todos", "1", Of::kOneself, "delete", false},
    {"viewer", "todos", "1", Of::kSomebodyElse, "delete", false},
    {"editor", "people", "7", Of::kNobody, "read", true},
    {"editor", "todos", "1", Of::kNobody, "read", true},
    {"editor", "todos", "1", Of::kNobody, "create", true},
    {"editor", "todos", "1", Of::kOneself, "update", true},
    {"editor", "todos", "1", Of::kSomebodyElse, "update", false},
    {"editor", "todos", "1", Of::kNobody, "update", false},
    {"editor", "todos", "1", Of::kOneself, "delete", true},
    {"editor", "todos", "1", Of::kSomebodyElse, "delete", false},
    {"editor", "todos", "1", Of::kNobody, "delete", false},
    {"editor", "people", "7", Of::kOneself, "update", false},
    {"todo-admin", "people", "7", Of::kNobody, "read", true},
    {"todo-admin", "todos", "1", Of::kNobody, "read", true},
    {"todo-admin", "todos", "1", Of::kNobody, "create", true},
    {"todo-admin", "todos", "1", Of::kOneself, "update", true},
    {"todo-admin", "todos", "1", Of::kSomebodyElse, "update", false},
    {"todo-admin", "todos", "1", Of::kOneself, "delete", true},
    {"todo-admin", "todos", "1", Of::kSomebodyElse, "delete", true},
    {"todo-admin", "todos", "1", Of::kNobody, "delete", true},
    {"evil-genius", "people", "7", Of::kNobody, "read", true},
    {"evil-genius", "todos", "1", Of::kNobody, "read", true},
    {"evil-genius", "todos", "1", Of::kNobody, "create", true},
    {"evil-genius", "todos", "1", Of::kOneself, "update", true},
    {"evil-genius", "todos", "1", Of::kSomebodyElse, "update", true},
    {"evil-genius", "todos", "1", Of::kOneself, "delete", true},
    {"evil-genius", "todos", "1", Of::kSomebodyElse, "delete", false},
    {"admin under review", "people", "7", Of::kNobody, "read", false},
    {"admin under review", "todos", "1", Of::kNobody, "read", true},
    {"admin under review", "todos", "1", Of::kSomebodyElse, "delete", true},
    {"admin under review", "todos", "audited", Of::kNobody, "read", true},
    {"admin under review", "todos", "audited", Of::kSomebodyElse, "delete", false},
    {"admin under review", "todos", "audited", Of::kOneself, "delete", false},
    {"admin under review", "todos", "audited", Of::kOneself, "update", false},
    {"admin under review", "todos", "Audited", Of::kSomebodyElse, "delete", true},
    {"genius who administers", "todos", "1", Of::kSomebodyElse, "update", true},
    {"genius who administers", "todos", "1", Of::kSomebodyElse, "delete", true},
    {"only registered", "people", "7", Of::kNobody, "read", true},
    {"only registered", "todos", "1", Of::kNobody, "read", true},
    {"only registered", "todos", "1", Of::kSomebodyElse, "read", true},
    {"only registered", "todos", "1", Of::kNobody, "create", false},
    {"only registered", "todos", "1", Of::kOneself, "update", false},
    {"only registered", "todos", "1", Of::kOneself, "delete", false},
    {"under review", "people", "7", Of::kNobody, "read", false},
    {"under review", "todos", "1", Of::kNobody, "read", true},
};
static_assert(std::size(kRows) >= 40);

const std::map<std::string, std::vector<std::string>> kPeople{
    {"viewer", {"viewer"}},
    {"editor", {"editor"}},
    {"todo-admin", {"todo-admin"}},
    {"evil-genius", {"evil-genius"}},
    {"admin under review", {"todo-admin", "under-review"}},
    {"genius who administers", {"evil-genius", "todo-admin"}},
    {"only registered", {}},
    {"under review", {"under-review"}},
};

std::string question(const std::string& user, const std::string& stranger, const Row& row) {
    std::string owner;
    if (row.owner != Of::kNobody)
        owner = R"(,"properties":{"owner":")" + (row.owner == Of::kOneself ? user : stranger) + R"("})";
    return R"({"subject":{"type":"user","id":")" + user + R"("},"resource":{"type":")" + row.resource + R"(","id":")" +
           row.id + '"' + owner + R"(},"action":{"name":")" + row.action + R"("}})";
}

// What the example gives to all users would be in the way of other tests.
struct NoDefaults {
    ~NoDefaults() { EXPECT_EQ(apply(written("default_roles: []\n")).exit_code, 0); }
};

TEST(AccessFiles, MakeTheDecisionsOfAnApplication) {
    const NoDefaults afterwards;
    const ProcessResult applied = apply(kExample);
    ASSERT_EQ(applied.exit_code, 0) << applied.output;
    ApiClient admin = administrator(api());
    std::map<std::string, std::string> ids;
    for (const auto& [name, roles] : kPeople) {
        ids[name] = visitor(api()).person.id;
        for (const std::string& role : roles) {
            const std::string id = id_named(admin, "/api/v1/admin/roles", role, since_last_of(applied));
            const Answer given = admin.send("PUT", std::string(kUsers) + "/" + ids[name] + "/roles/" + id);
            ASSERT_EQ(given.status, 204) << given.body;
        }
    }
    ApiClient client = api().with("Authorization", deployment().gateway.basic());
    for (const Row& row : kRows) {
        const Answer answer = client.post("/access/v1/evaluation", question(ids[row.who], ids["only registered"], row));
        ASSERT_EQ(answer.status, 200) << answer.body;
        EXPECT_EQ(answer.boolean("/decision"), row.decision)
            << row.who << ' ' << row.action << ' ' << row.resource << '/' << row.id
            << ", whose: " << static_cast<int>(row.owner);
    }
}

TEST(AccessFiles, ChangeOnlyWhatIsDifferentAndNothingTwice) {
    const std::string name = unique("role");
    const std::string file = written("roles:\n  " + name + ":\n    permissions: [\"a:read\", \"a:write\"]\n");
    const ProcessResult tried = apply(file, {"--dry-run"});
    EXPECT_EQ(tried.exit_code, 0) << tried.output;
    EXPECT_EQ(tried.output, "+ role " + name + "\n    + a:read\n    + a:write\nWould change 1 of 1.\n");
    EXPECT_EQ(apply(file, {"--dry-run"}).output, tried.output) << "nothing was done";
    EXPECT_EQ(without_position(apply(file)), "+ role " + name + "\n    + a:read\n    + a:write\nChanged 1 of 1.\n");
    EXPECT_EQ(without_position(apply(file)), "  role " + name + " (as it is)\nChanged 0 of 1.\n");

    const std::string roles = "roles:\n  " + name;
    const std::string changed = written(roles + ":\n    permissions: [\"a:read\"]\n    deny: [\"a/1:read\"]\n");
    EXPECT_EQ(without_position(apply(changed)),
              "~ role " + name + "\n    + deny a/1:read\n    - a:write\nChanged 1 of 1.\n");
    const std::string gone = written("{\"roles\": {\"" + name + "\": null}}");
    const std::string deletion = "Deletions:\n- role " + name + "\n    - a:read\n    - deny a/1:read\n\n";
    EXPECT_EQ(apply(gone, {"--dry-run"}).output, deletion + "Would change 1 of 1.\n");
    const ProcessResult forbidden = apply(gone);
    EXPECT_EQ(forbidden.exit_code, 1);
    EXPECT_NE(forbidden.output.find("nothing was changed; give --allow-deletions"), std::string::npos);
    EXPECT_EQ(without_position(apply(gone, {"--allow-deletions"})), deletion + "Changed 1 of 1.\n");
    EXPECT_EQ(without_position(apply(gone)), "  role " + name + " (as it is)\nChanged 0 of 1.\n");
    const ProcessResult again = apply(file, {"--json"});
    EXPECT_NE(again.output.find(R"("changes":[{"kind":"role","name":")" + name +
                                R"(","change":"made","added":["a:read","a:write"],"removed":[]}]})"
                                "\n"),
              std::string::npos)
        << again.output;
}

TEST(AccessFiles, MakeGroupsWithTheirRolesAndTheGroupsInThem) {
    const std::string reader = unique("reader"), staff = unique("staff"), interns = unique("interns");
    const auto file = [&](const std::string& groups) {
        return written("roles:\n  " + reader + ": {permissions: [\"memos:read\"]}\ngroups:\n" + groups);
    };
    const std::string nested =
        file("  " + staff + ": {roles: [" + reader + "], groups: [" + interns + "]}\n  " + interns + ": {}\n");
    const std::string made = "+ role " + reader + "\n    + memos:read\n+ group " + interns + "\n+ group " + staff +
                             "\n    + role " + reader + "\n    + group " + interns + "\n";
    EXPECT_EQ(apply(nested, {"--dry-run"}).output, made + "Would change 3 of 3.\n");
    const ProcessResult applied = apply(nested);
    EXPECT_EQ(without_position(applied), made + "Changed 3 of 3.\n");
    EXPECT_EQ(without_position(apply(nested)), "  role " + reader + " (as it is)\n  group " + interns +
                                                   " (as it is)\n  group " + staff + " (as it is)\nChanged 0 of 3.\n");

    ApiClient admin = administrator(api());
    const std::string group = id_named(admin, "/api/v1/admin/groups", interns, since_last_of(applied));
    const std::string user = visitor(api()).person.id;
    const Answer added = admin.send("PUT", "/api/v1/admin/groups/" + group + "/members/" + user);
    ASSERT_EQ(added.status, 204) << added.body;
    ApiClient client = api().with("Authorization", deployment().gateway.basic());
    const Row may_read{"", "memos", "1", Of::kNobody, "read", true};
    const auto decision = [&] {
        return client.post("/access/v1/evaluation", question(user, user, may_read)).boolean("/decision");
    };
    EXPECT_TRUE(decision()) << "by the role of the group above his";

    const ProcessResult exported = deployment().run({"access", "export"});
    EXPECT_NE(exported.output.find("  \"" + staff + "\":\n    roles: [\"" + reader + "\"]\n    groups: [\"" + interns +
                                   "\"]\n"),
              std::string::npos)
        << exported.output;
    const std::string apart = file("  " + staff + ": {roles: [" + reader + "]}\n");
    EXPECT_EQ(without_position(apply(apart)), "  role " + reader + " (as it is)\n~ group " + staff + "\n    - group " +
                                                  interns + "\nChanged 1 of 2.\n");
    EXPECT_FALSE(decision()) << "from the moment in which the command returned";
    EXPECT_EQ(without_position(apply(file("  " + staff + ": null\n"), {"--allow-deletions"})),
              "Deletions:\n- group " + staff + "\n    - role " + reader + "\n\n  role " + reader +
                  " (as it is)\nChanged 1 of 2.\n");
    const ProcessResult unknown = apply(file("  " + staff + ": {roles: [" + unique("nobody") + "]}\n"));
    EXPECT_EQ(unknown.exit_code, 1);
    EXPECT_NE(unknown.output.find("group '" + staff + "' names a role that there is not"), std::string::npos)
        << unknown.output;
}

// What a dry run says is what the run says, errors too, and a run that can't be ended is not begun.
TEST(AccessFiles, AreTriedAsAWholeBeforeAnythingIsDone) {
    const std::string reader = unique("reader"), staff = unique("staff"), interns = unique("interns");
    const std::string made = "roles:\n  " + reader + ": {permissions: [\"memos:read\"]}\ngroups:\n  " + interns +
                             ": {}\n  " + staff + ": {roles: [" + reader + "], groups: [" + interns + "]}\n";
    ASSERT_EQ(apply(written(made)).exit_code, 0);
    struct Case {
        std::string file;
        std::string error;
    };
    const std::string fresh = unique("fresh");
    std::string too_many = "roles:\n";
    std::string list;
    for (int i = 0; i < 9; ++i) {
        too_many += "  " + fresh + std::to_string(i) + ": {permissions: [\"a:b\"]}\n";
        list += (i == 0 ? "" : ", ") + fresh + std::to_string(i);
    }
    std::string deep = "groups:\n";
    for (int i = 0; i < 6; ++i)
        deep += "  " + fresh + "g" + std::to_string(i) + ": {groups: [" + fresh + "g" + std::to_string(i + 1) + "]}\n";
    deep += "  " + fresh + "g6: {}\n";
    const std::string administering =
        "roles:\n  " + fresh + ": {permissions: [\"a:b\"]}\n  " + reader + ": {permissions: [\"memos:write\"]}\n";
    const Case kCases[] = {
        {administering + "groups:\n  " + staff + ": {roles: [" + fresh + ", " + unique("nobody") + "]}\n",
         "names a role that there is not"},
        {administering + "groups:\n  " + staff + ": {groups: [" + unique("nobody") + "]}\n",
         "names a group that there is not"},
        {administering + "groups:\n  " + interns + ": {groups: [" + staff + "]}\n", "would stand in itself"},
        {too_many + "groups:\n  " + fresh + ": {roles: [" + list + "]}\n", "would have too many roles"},
        {deep, "would make groups stand too deep in each other"},
        {administering + "default_roles: [" + unique("nobody") + "]\n", "names a role that there is not"},
    };
    const std::string before = deployment().run({"access", "export"}).output;
    for (const Case& one : kCases) {
        const std::string file = written(one.file);
        const ProcessResult tried = apply(file, {"--dry-run"});
        const ProcessResult applied = apply(file);
        EXPECT_EQ(tried.exit_code, 1) << one.file;
        EXPECT_NE(tried.output.find(one.error), std::string::npos) << tried.output;
        EXPECT_EQ(applied.exit_code, tried.exit_code);
        EXPECT_EQ(applied.output, tried.output);
    }
    EXPECT_EQ(deployment().run({"access", "export"}).output, before) << "nothing was changed on the way";
}

TEST(AccessFiles, GiveAllUsersTheirDefaultRoles) {
    const NoDefaults afterwards;
    const std::string reader = unique("reader"), writer = unique("writer");
    const std::string roles = "roles:\n  " + reader + ": {permissions: [\"notes:read\"]}\n  " + writer +
                              ": {permissions: [\"notes:write\"]}\n";
    const auto file = [&](const std::string& defaults) {
        return written(roles + "default_roles: [" + defaults + "]\n");
    };
    const std::string made = "+ role " + reader + "\n    + notes:read\n+ role " + writer +
                             "\n    + notes:write\n~ default_roles everyone\n    + role " + reader + "\n";
    EXPECT_EQ(apply(file(reader), {"--dry-run"}).output, made + "Would change 3 of 3.\n");
    EXPECT_EQ(without_position(apply(file(reader))), made + "Changed 3 of 3.\n");
    const std::string same = "  role " + reader + " (as it is)\n  role " + writer + " (as it is)\n";
    EXPECT_EQ(without_position(apply(file(reader))), same + "  default_roles everyone (as it is)\nChanged 0 of 3.\n");

    const std::string user = visitor(api()).person.id;
    ApiClient client = api().with("Authorization", deployment().gateway.basic());
    const auto may = [&](const char* action) {
        const Row row{"", "notes", "1", Of::kNobody, action, true};
        return client.post("/access/v1/evaluation", question(user, user, row)).boolean("/decision");
    };
    EXPECT_TRUE(may("read"));
    const ProcessResult exported = deployment().run({"access", "export"});
    EXPECT_NE(exported.output.find("\ndefault_roles: [\"" + reader + "\"]\n"), std::string::npos) << exported.output;
    EXPECT_EQ(exported.output.find("\"everyone\":"), std::string::npos) << exported.output;
    EXPECT_NE(apply(written(exported.output)).output.find("Changed 0 of "), std::string::npos);

    EXPECT_EQ(without_position(apply(file(writer))), same + "~ default_roles everyone\n    + role " + writer +
                                                         "\n    - role " + reader + "\nChanged 1 of 3.\n");
    EXPECT_FALSE(may("read"));
    EXPECT_TRUE(may("write"));
    EXPECT_EQ(without_position(apply(file(""))),
              same + "~ default_roles everyone\n    - role " + writer + "\nChanged 1 of 3.\n");
    EXPECT_FALSE(may("write"));

    const ProcessResult as_group = apply(written("groups:\n  Everyone: {roles: [" + reader + "]}\n"));
    EXPECT_EQ(as_group.exit_code, 2);
    EXPECT_NE(as_group.output.find("line 2: 'everyone' is the built-in group of all users; name its roles under "
                                   "default_roles:"),
              std::string::npos)
        << as_group.output;
    const std::string auditor = unique("auditor");
    ASSERT_EQ(apply(written("roles: {" + auditor + ": {permissions: [\"keyledger.audit:read\"]}}")).exit_code, 0);
    const ProcessResult administering = apply(file(auditor));
    EXPECT_EQ(administering.exit_code, 1);
    EXPECT_NE(administering.output.find("default_roles would let all users administer Keyledger"), std::string::npos)
        << administering.output;
}

TEST(AccessFiles, AreExportedAsTheyAreApplied) {
    const std::string name = unique("role");
    const std::string file = "roles: {" + name + ": {permissions: [\"b/7:read@own\"], deny: [\"b:*\"]}}";
    ASSERT_EQ(apply(written(file)).exit_code, 0);
    ASSERT_GT(service().port(), 0) << "its projector makes the read model";
    const ProcessResult exported = deployment().run({"access", "export"});
    ASSERT_EQ(exported.exit_code, 0) << exported.output;
    EXPECT_NE(exported.output.find("  \"" + name + "\":\n    permissions: [\"b/7:read@own\"]\n    deny: [\"b:*\"]\n"),
              std::string::npos)
        << exported.output;
    const ProcessResult applied = apply(written(exported.output));
    EXPECT_EQ(applied.exit_code, 0);
    EXPECT_NE(applied.output.find("Changed 0 of "), std::string::npos) << applied.output;
}

TEST(AccessFiles, SayWhatIsWrongAndChangeNothing) {
    const std::string name = unique("role");
    const ProcessResult bad = apply(written("roles:\n  " + name + ": {permissions: [\"a:read\"]}\n  b: {allow: []}\n"));
    EXPECT_EQ(bad.exit_code, 2);
    EXPECT_NE(bad.output.find(": line 3: role 'b' has a member 'allow'; known are: permissions, deny"),
              std::string::npos)
        << bad.output;
    EXPECT_NE(deployment().run({"access", "export"}).output.find("roles:"), std::string::npos);
    EXPECT_EQ(deployment().run({"access", "export"}).output.find(name), std::string::npos);
    const ProcessResult missing = apply("/nowhere/access.yaml");
    EXPECT_EQ(missing.exit_code, 2);
    EXPECT_NE(missing.output.find("can't read '/nowhere/access.yaml'"), std::string::npos) << missing.output;
}

}  // namespace
}  // namespace keyledger::test
