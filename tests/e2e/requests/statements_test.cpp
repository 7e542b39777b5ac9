// What a GET of somebody who shows who they are asks PostgreSQL for, by the service's own count: what its answer itself
// has to read, and nothing to learn whether they may. That is answered at the head from memory (ADR 12); the question
// for the head, which all requests share, is not counted.
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "tests/e2e/clients/service_accounts.hpp"
#include "tests/e2e/pages/own_account.hpp"

namespace keyledger::test {
namespace {

constexpr int kAgain = 5;  // times
// Once a second a node asks which keys others have, and that counts as somebody's: so what counts is the least of some
// nodes, each of which has never heard of anybody.
constexpr int kMostNodes = 4;

// Reads of the store and of read models. A new route gets its row: what does its answer itself have to read?
struct Row {
    std::string_view operation;
    int first = 0;  // reads of the store where the node remembers nothing of it; with the key that opens it
    int again = 0;  // and where it does
    int queries = 0;
    int refused = 0;  // reads of the store for a token that ended
};
constexpr Row kRows[] = {
    {.operation = "exportAudit", .queries = 1},
    {.operation = "explainServiceAccount", .queries = 1},
    {.operation = "explainUser", .queries = 1},
    {.operation = "listApplications", .queries = 1},
    {.operation = "listAudit", .queries = 1},
    // The names of factors are read, and then whether they moved.
    {.operation = "listFactors", .first = 2, .again = 2, .refused = 2},
    {.operation = "listGroupMembers", .queries = 2},
    {.operation = "listGroupRoles", .queries = 2},
    {.operation = "listGroups", .queries = 1},
    {.operation = "listMyDevices", .first = 3},
    {.operation = "listMyIdentities", .first = 2},
    {.operation = "listMySessions", .first = 2, .queries = 1},
    {.operation = "listRoles", .queries = 1},
    {.operation = "listServiceAccountGroups", .queries = 1},
    {.operation = "listServiceAccounts", .queries = 1},
    {.operation = "listUserDevices", .first = 2},
    {.operation = "listUserGroups", .queries = 1},
    {.operation = "listUserIdentities", .first = 2},
    {.operation = "listUserRoles", .queries = 1},
    {.operation = "listUserSessions", .first = 2, .queries = 2},
    {.operation = "listUsers", .queries = 1},
    {.operation = "showApplication"},
    {.operation = "showGroup", .queries = 1},
    // That nobody failed to log in is not remembered.
    {.operation = "showLockOut", .first = 2, .again = 1},
    {.operation = "showMe", .first = 2},
    {.operation = "showRole", .queries = 1},
    {.operation = "showServiceAccount"},
    {.operation = "showTreeHead"},
    {.operation = "showUser", .queries = 1},
    {.operation = "userinfo", .first = 2},
    // Of the browser whose cookie is shown.
    {.operation = "showAccountPage", .first = 5, .again = 2, .queries = 1},
    {.operation = "showApplicationsPage", .first = 3, .queries = 1},
    {.operation = "showDevicesPage", .first = 4},
    {.operation = "showProfilePage", .first = 2},
    {.operation = "showProvidersPage", .first = 2},
};
constexpr std::string_view kByCookie[] = {"showAccountPage", "showApplicationsPage", "showDevicesPage",
                                          "showProfilePage", "showProvidersPage"};

struct Spent {
    int reads = 0;
    int queries = 0;
};
struct SpentByRow {
    Spent first, again, refused;
};

// A node that serves the API alone, on the log of the others.
class Node {
public:
    Node() : service_(deployment(), {{"KEYLEDGER_ROLES", "api"}}), management_(service_.management_port()) {
        await_that("answers from memory", [this] { return counter("keyledger_access_caught_up") == 1; });
    }
    ApiClient client() const { return ApiClient(service_.port()); }
    template <class Ask>
    Spent spent(Ask ask) {
        const Spent before = counts();
        ask();
        const Spent after = counts();
        return {after.reads - before.reads, after.queries - before.queries};
    }

private:
    int counter(const std::string& name) {
        const std::string text = management_.get("/metrics").body;
        const auto at = text.find("\n" + name + " ");
        return at == std::string::npos ? -1 : std::stoi(text.substr(at + 1 + name.size()));
    }
    Spent counts() {
        return {counter(R"(keyledger_queue_taken_total{queue="reads"})"),
                counter(R"(keyledger_queue_taken_total{queue="queries"})")};
    }

    RunningService service_;
    HttpClient management_;
};

std::string made(ApiClient& admin, const std::string& path, const std::string& body) {
    const Answer answer = admin.post(path, body);
    EXPECT_EQ(answer.status, 201) << answer.body;
    EXPECT_EQ(admin.get(path + "/" + answer.text("/id"), since(answer)).status, 200);
    return answer.text("/id");
}

// People and things that there are, as all nodes know them.
struct Subjects {
    std::string admin_token = log_in_administrator();
    ApiClient admin = api().as(admin_token);
    Visitor person = visitor(api());
    std::string ended = token_that_ended(person.person);
    Browser browser{};
    std::string shop = application();
    std::string access;  // of the application
    std::map<std::string, std::string> ids;

    Subjects() {
        const Answer back = authorized(browser, shop, person.person);
        access = redeem(shop, parameter(Browser::location(back), "code")).text("/access_token");
        ids["users"] = person.person.id;
        ids["roles"] =
            made(admin, "/api/v1/admin/roles", R"({"name":")" + unique("role") + R"(","permissions":["a:read"]})");
        ids["groups"] = made(admin, "/api/v1/admin/groups", R"({"name":")" + unique("group") + R"("})");
        ids["service-accounts"] = account(admin).id;
        ids["applications"] = shop;
        const std::string target = std::string(kUsers) + "/" + person.person.id;
        await_that("the user", [&] { return admin.get(target).status == 200; });
        const std::string groups = kAccounts + ("/" + ids["service-accounts"]) + "/groups";
        await_that("the service account", [&] { return admin.get(groups).status == 200; });
    }
    static std::string log_in_administrator() {
        ApiClient client = api();
        return tokens_of(try_log_in(client, kAdminEmail, kAdminPassword)).access;
    }
    static std::string token_that_ended(const Person& person) {
        const std::string token = log_in(api(), person).access;
        EXPECT_EQ(api().as(token).send("POST", kLogout).status, 204);
        return token;
    }
    // "/api/v1/admin/users/{id}/groups", for the user that there is.
    std::string target_of(const OpenApi::Operation& operation) const {
        std::string target = operation.path;
        const auto at = target.find("/{id}");
        if (at != std::string::npos) {
            const auto slash = target.rfind('/', at - 1);
            target.replace(at + 1, std::string("{id}").size(), ids.at(target.substr(slash + 1, at - slash - 1)));
        }
        return operation.id == "exportAudit" ? target + "?user=" + person.person.id : target;
    }
    Answer ask(ApiClient client, const OpenApi::Operation& operation) const {
        const std::string target = target_of(operation);
        if (std::ranges::find(kByCookie, operation.id) != std::end(kByCookie))
            return client.get(target, browser.cookies());
        if (operation.id == "userinfo") return client.as(access).get(target);
        if (target.starts_with("/api/v1/auth/")) return client.as(person.tokens.access).get(target);
        return client.as(admin_token).get(target);
    }
};

// The ids of GETs that want a token, by the document.
std::set<std::string> gets_with_token() {
    rapidjson::Document document;
    const std::string text = api_document_text();
    document.Parse(text.data(), text.size());
    std::set<std::string> ids;
    for (const auto& path : document["paths"].GetObject()) {
        const auto get = path.value.FindMember("get");
        if (get == path.value.MemberEnd()) continue;
        const auto security = get->value.FindMember("security");
        if (security == get->value.MemberEnd() || !security->value.Empty())
            ids.insert(get->value["operationId"].GetString());
    }
    return ids;
}

const Row* row_of(std::string_view operation) {
    const auto found = std::ranges::find(kRows, operation, &Row::operation);
    return found == std::end(kRows) ? nullptr : found;
}

bool fits(const Row& row, const SpentByRow& spent) {
    return spent.first.reads <= row.first && spent.first.queries <= row.queries &&
           spent.again.reads <= kAgain * row.again && spent.again.queries <= kAgain * row.queries &&
           spent.refused.reads <= row.refused && spent.refused.queries == 0;
}

SpentByRow ask_once_and_again(Node& node, const Subjects& subjects, const OpenApi::Operation& operation) {
    const auto ask = [&] {
        const Answer answer = subjects.ask(node.client(), operation);
        // A node that has just begun may know of no tree head.
        const bool is_none = answer.problem() == "no-tree-head";
        EXPECT_TRUE(answer.status == 200 || is_none) << operation.id << answer.body;
    };
    SpentByRow spent;
    spent.first = node.spent(ask);
    spent.again = node.spent([&] {
        for (int i = 0; i < kAgain; ++i) ask();
    });
    if (std::ranges::find(kByCookie, operation.id) != std::end(kByCookie)) return spent;
    spent.refused = node.spent([&] {
        const Answer answer = node.client().as(subjects.ended).get(subjects.target_of(operation));
        EXPECT_EQ(answer.status, 401) << operation.id << answer.body;
    });
    return spent;
}

TEST(Statements, OfGetsAreNoneForTheQuestionWhoseTokenItIs) {
    std::vector<OpenApi::Operation> operations;
    std::set<std::string> wanted = gets_with_token();
    for (const std::string& id : wanted)
        EXPECT_NE(row_of(id), nullptr) << id << " is new: say in kRows what its answer itself reads";
    for (const auto& operation : api_document().operations())
        if (operation.method == "GET" && row_of(operation.id) != nullptr) operations.push_back(operation);
    ASSERT_EQ(operations.size(), std::size(kRows)) << "a row is of no operation";
    const Subjects subjects;
    std::map<std::string, SpentByRow> least;
    for (int count = 0; count < kMostNodes && !operations.empty(); ++count) {
        Node node;
        std::erase_if(operations, [&](const OpenApi::Operation& operation) {
            least[operation.id] = ask_once_and_again(node, subjects, operation);
            return fits(*row_of(operation.id), least[operation.id]);
        });
    }
    for (const auto& operation : operations) {
        const SpentByRow& spent = least[operation.id];
        ADD_FAILURE() << operation.id << " read the store " << spent.first.reads << " times at first, "
                      << spent.again.reads << " in " << kAgain << " further requests, and " << spent.refused.reads
                      << " for a token that ended; it asked read models " << spent.first.queries << " times, "
                      << spent.again.queries << " and " << spent.refused.queries;
    }
}

// Whoever may not costs the database nothing.
TEST(Statements, OfGetsThatAreForbiddenAreNone) {
    const Subjects subjects;
    Spent least{1'000, 1'000};
    int asked = 0;
    for (int count = 0; count < kMostNodes && least.reads > 0; ++count) {
        Node node;
        asked = 0;
        const Spent spent = node.spent([&] {
            for (const auto& operation : api_document().operations()) {
                if (operation.method != "GET" || !operation.path.starts_with("/api/v1/admin/")) continue;
                const Answer answer =
                    node.client().as(subjects.person.tokens.access).get(subjects.target_of(operation));
                EXPECT_EQ(answer.status, 403) << operation.id << answer.body;
                ++asked;
            }
        });
        least = {std::min(least.reads, spent.reads), std::min(least.queries, spent.queries)};
    }
    EXPECT_GE(asked, 15);
    EXPECT_EQ(least.reads, 0);
    EXPECT_EQ(least.queries, 0);
}

}  // namespace
}  // namespace keyledger::test
