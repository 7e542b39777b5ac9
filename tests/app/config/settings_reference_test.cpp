// .env.example and the tables in docs/operate/settings.md against the declarations of the settings.
#include "app/config/settings_reference.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

#include "app/config/settings.hpp"
#include "tests/tidy/stale.hpp"

using namespace keyledger::app;
using keyledger::test::expect_same;

TEST(SettingsReference, ExampleFollowsFromTheDeclarations) { expect_same(".env.example", env_example()); }

TEST(SettingsReference, TablesFollowFromTheDeclarations) {
    std::ifstream in("docs/operate/settings.md", std::ios::binary);
    const std::string page{std::istreambuf_iterator<char>(in), {}};
    expect_same("docs/operate/settings.md", with_settings_tables(page));
}

TEST(SettingsReference, RefusesAPageWithoutItsMarks) {
    EXPECT_THROW(with_settings_tables("# Settings\n"), std::runtime_error);
}

TEST(SettingsReference, HasEachSettingInOneGroup) {
    std::set<std::string_view> names;
    std::set<std::string_view> titles;
    for (const SettingGroup& group : settings_by_group()) {
        EXPECT_TRUE(titles.insert(group.title).second) << group.title;
        EXPECT_FALSE(group.settings.empty()) << group.title;
        EXPECT_LE(group.settings.size(), 20U) << group.title << ": nobody finds anything there";
        for (const SettingWords& setting : group.settings)
            EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
    }
    EXPECT_EQ(names.size(), std::size(kSettings));
}

TEST(SettingsReference, TellsEverySettingWithItsDefaultAndBounds) {
    const std::string example = env_example();
    for (const Setting& setting : kSettings) {
        const std::string line = "\n#" + std::string(setting.name) + "=" + std::string(setting.fallback) + "\n";
        EXPECT_NE(example.find(line), std::string::npos) << setting.name;
    }
    EXPECT_NE(example.find("# threads that serve connections [1 to 256]\n#KEYLEDGER_IO_THREADS=1\n"),
              std::string::npos);
    EXPECT_NE(example.find("[1 to 3600 s]"), std::string::npos);
    EXPECT_NE(example.find("[trace, debug, info, warn or error]"), std::string::npos);
}
