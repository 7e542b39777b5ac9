// What an operator puts in the place of template and style sheet.
#include "api/pages/pages.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "api/pages/compiled_files.hpp"

namespace keyledger::api {
namespace {

std::string compiled(std::string_view name) {
    for (const StaticFile& file : compiled_files())
        if (file.name == name) return std::string(file.text);
    return {};
}
std::string replaced(std::string text, const std::string& what, const std::string& by) {
    const auto at = text.find(what);
    EXPECT_NE(at, text.npos) << what;
    return text.replace(at, what.size(), by);
}

class PageFolder : public ::testing::Test {
protected:
    void SetUp() override {
        const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
        folder = std::filesystem::temp_directory_path() / (std::string("keyledger-pages-") + test->name());
        std::filesystem::remove_all(folder);
        std::filesystem::create_directories(folder);
    }
    void TearDown() override { std::filesystem::remove_all(folder); }

    void write(const std::string& name, const std::string& text) const { std::ofstream(folder / name) << text; }
    std::string fault() const {
        const auto pages = Pages::load({folder.string()});
        return pages ? "" : pages.error().front();
    }
    std::string fault_of(const std::string& text) const {
        write("page.mustache", text);
        return fault();
    }

    std::filesystem::path folder;
};

TEST_F(PageFolder, ReplacesTemplateAndStyleSheet) {
    write("page.mustache", replaced(compiled("page.mustache"), "<main", "<p>Ours</p><main"));
    write("style.css", "body { color: #123456 }");
    const auto pages = Pages::load({folder.string(), "Example Inc."});
    ASSERT_TRUE(pages) << pages.error().front();
    const Response page = pages->show({}, 200, Page{Text::kLogIn});
    EXPECT_NE(page.body.find("<p>Ours</p>"), std::string::npos);
    EXPECT_NE(page.body.find("Example Inc."), std::string::npos);
    EXPECT_NE(page.body.find(pages->assets().path("style.css")), std::string::npos);
    EXPECT_NE(pages->assets().path("style.css"), Pages::load({})->assets().path("style.css"));
}

TEST_F(PageFolder, MayBeEmpty) { EXPECT_EQ(fault(), ""); }

TEST_F(PageFolder, IsRefusedWithWhatNobodyLooksAt) {
    write("logo.png", "x");
    EXPECT_NE(fault().find("logo.png:1: nothing looks at it"), std::string::npos) << fault();
}

TEST_F(PageFolder, ThatIsNotThereIsRefused) {
    std::filesystem::remove_all(folder);
    EXPECT_NE(fault().find("can't be read"), std::string::npos) << fault();
}

TEST_F(PageFolder, IsRefusedWithAFileThatIsTooLong) {
    write("style.css", std::string(kMostPageFileBytes + 1, 'a'));
    EXPECT_NE(fault().find("more than"), std::string::npos) << fault();
    write("style.css", "");
    EXPECT_NE(fault().find("empty"), std::string::npos) << fault();
}

// A page that looks whole and can't be used would keep everybody out.
TEST_F(PageFolder, IsRefusedWithATemplateThatWouldNotWork) {
    const std::string whole = compiled("page.mustache");
    EXPECT_NE(fault_of(replaced(whole, "{{#hidden}}", "{{{hidden}}}")).find("unescaped"), std::string::npos);
    EXPECT_NE(fault_of(replaced(whole, "{{title}}", "{{&title}}")).find("unescaped"), std::string::npos);
    EXPECT_NE(fault_of(replaced(whole, "{{title}}", "{{> other}}")).find("other files"), std::string::npos);
    EXPECT_NE(fault_of(replaced(whole, "{{title}}", "{{titel}}")).find("no variable"), std::string::npos);
    EXPECT_NE(fault_of(replaced(whole, "{{/hidden}}", "")).find("page.mustache:1:"), std::string::npos);
    EXPECT_NE(fault_of(replaced(whole, "{{fault_sentence}}", "")).find("'fault_sentence' is missing"),
              std::string::npos);
    EXPECT_NE(fault_of(whole + "<style>").find("policy"), std::string::npos);
    EXPECT_NE(fault_of("Hello {{title").find("not closed"), std::string::npos);
    EXPECT_EQ(fault_of(whole), "");
}

TEST_F(PageFolder, TellsTheLineOfAFault) {
    const std::string text = fault_of(replaced(compiled("page.mustache"), "<head>\n", "<head>\n{{nothing}}\n"));
    EXPECT_NE(text.find("page.mustache:4: "), std::string::npos) << text;
}

}  // namespace
}  // namespace keyledger::api
