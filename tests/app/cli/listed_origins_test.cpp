// The origins of applications before memory has read the log: those that are listed, as they stand in the log.
#include "app/origins/listed_origins.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/app/cli/command_line.hpp"

using namespace keyledger;
using namespace keyledger::app;
using keyledger::app::test::CommandLine;

namespace {

constexpr std::string_view kIdWithoutEnd = "0190f3a2-6d1c-7c1e-9a57-3f0c5b1d";

std::string host(int number) { return "https://page" + std::to_string(number) + ".example"; }

// One application, as it stands in a file.
std::string entry(int number, const std::string& origin, const std::string& more = "") {
    const std::string end = std::to_string(1000 + number);
    return "  " + std::string(kIdWithoutEnd) + end + ":\n    name: Page\n    application_type: spa\n" +
           "    authentication: none\n    grant_types: [authorization_code]\n    scopes: [openid]\n" +
           "    redirect_uris: [\"" + origin + "/callback\"]\n" + more;
}

struct ListedOrigins : testing::Test {
    CommandLine line;

    void apply(const std::string& entries) {
        const std::string path = line.path("applications.yaml");
        std::ofstream(path) << "applications:\n" << entries;
        const auto ran = line.run([&](const Environment& e) { return apply_applications(e, {.file = path}); });
        ASSERT_EQ(ran.exit, Exit::kGood) << ran.err;
    }
    // Nobody follows the log here: the list is as it was when it was last made.
    void make_list() {
        RebuildProjections options;
        options.names = {"applications"};
        const auto ran = line.run([&](const Environment& e) { return rebuild_projections(e, options); });
        ASSERT_EQ(ran.exit, Exit::kGood) << ran.err;
    }
    std::optional<projections::PageOrigins> origins() {
        std::optional<projections::PageOrigins> found;
        const auto ran = line.run([&](const Environment& e) {
            const auto config = read_config(e, {ConfigPart::kDatabase, ConfigPart::kKeyring});
            Core core(*config);
            projections::Queries queries({.database_url = config->database_url});
            found = listed_origins(core, queries);
            return Exit::kGood;
        });
        EXPECT_EQ(ran.err, "");
        return found;
    }
};

}  // namespace

TEST_F(ListedOrigins, AreNotToldWhereThereIsNoList) {
    ASSERT_EQ(line.create_administrator().exit, Exit::kGood);
    EXPECT_FALSE(origins());
}

// Attack: an application is disabled, and a node starts whose list still has it.
TEST_F(ListedOrigins, AreThoseOfTheHeadOfTheLogWhateverTheListSays) {
    ASSERT_NO_FATAL_FAILURE(apply(entry(1, host(1)) + entry(2, host(2), "    consent: first_party\n") +
                                  entry(3, host(3)) + entry(4, host(4), "    status: disabled\n")));
    ASSERT_NO_FATAL_FAILURE(make_list());
    auto found = origins();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->find(host(1)), ConsentRule::kRequired);
    EXPECT_EQ(found->find(host(2)), ConsentRule::kFirstParty);
    EXPECT_EQ(found->find(host(4)), std::nullopt);
    ASSERT_NO_FATAL_FAILURE(apply(entry(1, host(1), "    status: disabled\n") + entry(3, host(9)) + entry(5, host(5))));
    found = origins();
    ASSERT_TRUE(found) << "a list that is behind is better than none";
    EXPECT_EQ(found->find(host(1)), std::nullopt) << "disabled";
    EXPECT_EQ(found->find(host(3)), std::nullopt) << "moved";
    EXPECT_EQ(found->find(host(9)), ConsentRule::kRequired);
    EXPECT_EQ(found->find(host(5)), std::nullopt) << "which the list does not know yet";
    EXPECT_EQ(found->size(), 2U);
    ASSERT_NO_FATAL_FAILURE(make_list());
    EXPECT_EQ(origins()->find(host(5)), ConsentRule::kRequired);
}

TEST_F(ListedOrigins, AreThoseOfAllPagesOfTheList) {
    constexpr int kMany = 150;
    std::string all;
    for (int number = 1; number <= kMany; ++number) all += entry(number, host(number));
    ASSERT_NO_FATAL_FAILURE(apply(all));
    ASSERT_NO_FATAL_FAILURE(make_list());
    const auto found = origins();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->size(), std::size_t{kMany});
    for (int number = 1; number <= kMany; ++number) EXPECT_TRUE(found->find(host(number))) << number;
}
