#include "mail/templates/templates.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "mail/templates/template_file.hpp"

using namespace keyledger;
using namespace keyledger::mail;
namespace files = std::filesystem;

namespace {

Facts all_facts() {
    Facts facts;
    facts.at = Instant::at_ms(1'795'953'600'000);
    facts.due = Instant::at_ms(1'796'558'400'000);
    facts.device = "Firefox on Linux";
    facts.place = "192.0.2.0/24";
    facts.address = "ann.new@example.test";
    facts.factor = "My phone";
    facts.provider = "google";
    facts.code = "123456";
    facts.link = "https://accounts.example.test/l?t=abc&u=1";
    facts.minutes = 10;
    facts.left = 2;
    facts.count = 120;
    return facts;
}

Templates compiled() {
    auto loaded = Templates::load("");
    if (!loaded) throw std::runtime_error(loaded.error().sentences.front());
    return std::move(loaded).value();
}

Rendered rendered(const Templates& templates, Kind kind, std::string_view language, std::string_view name,
                  const Facts& facts) {
    auto made = templates.render(kind, language, "Example", name, facts);
    if (!made) throw std::runtime_error("lacks " + std::string(made.error().name));
    return std::move(made).value();
}

// Only what the kind can't do without.
Facts needed_facts(const KindRow& row) {
    const auto is_needed = [&](Fact fact) { return std::ranges::find(row.needs, fact) != row.needs.end(); };
    Facts facts = all_facts();
    if (!is_needed(Fact::kAt)) facts.at.reset();
    if (!is_needed(Fact::kDue)) facts.due.reset();
    if (!is_needed(Fact::kDevice)) facts.device.clear();
    if (!is_needed(Fact::kPlace)) facts.place.clear();
    if (!is_needed(Fact::kAddress)) facts.address.clear();
    if (!is_needed(Fact::kFactor)) facts.factor.clear();
    if (!is_needed(Fact::kProvider)) facts.provider.clear();
    if (!is_needed(Fact::kCode)) facts.code.clear();
    if (!is_needed(Fact::kLink)) facts.link.clear();
    if (!is_needed(Fact::kMinutes)) facts.minutes.reset();
    if (!is_needed(Fact::kLeft)) facts.left.reset();
    if (!is_needed(Fact::kCount)) facts.count.reset();
    return facts;
}

std::string all_mails(const Templates& templates, const std::string& language) {
    std::string all;
    const auto add = [&](const std::string& title, const Rendered& mail) {
        all += "######## " + title + "\n# " + mail.subject + "\n" + mail.text + "########\n" +
               mail.html.substr(mail.html.find("<body>"));
    };
    for (const KindRow& row : all_kinds()) {
        add(std::string(row.name), rendered(templates, row.kind, language, "Ann", all_facts()));
        const Rendered bare = rendered(templates, row.kind, language, "", needed_facts(row));
        all += "######## " + std::string(row.name) + ", with no more than it needs\n" + bare.text;
    }
    return all;
}

// A folder of an operator's, for as long as the object lives.
class Folder {
public:
    Folder() {
        path_ = files::temp_directory_path() / "keyledger-templates-XXXXXX";
        if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no folder");
    }
    ~Folder() { files::remove_all(path_); }
    void write(const std::string& name, const std::string& text) const {
        files::create_directories(files::path(path_ + "/" + name).parent_path());
        std::ofstream(path_ + "/" + name, std::ios::binary) << text;
    }
    const std::string& path() const { return path_; }
    std::vector<std::string> faults() const {
        auto loaded = Templates::load(path_);
        std::vector<std::string> all = loaded ? std::vector<std::string>{} : loaded.error().sentences;
        for (std::string& sentence : all)
            if (sentence.starts_with(path_ + "/")) sentence.erase(0, path_.size() + 1);
        return all;
    }

private:
    std::string path_;
};

using Sentences = std::vector<std::string>;

}  // namespace

// After a change that is meant, write the files anew: KEYLEDGER_WRITE_GOLDEN=1 and this test.
TEST(Templates, AreAsInTheGoldenFiles) {
    const Templates templates = compiled();
    for (const std::string& language : templates.languages()) {
        const std::string path = "tests/mail/golden/" + language + ".txt";
        const std::string now = all_mails(templates, language);
        if (std::getenv("KEYLEDGER_WRITE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << now;
        std::ifstream in(path, std::ios::binary);
        const std::string golden{std::istreambuf_iterator<char>(in), {}};
        EXPECT_EQ(now, golden) << path;
    }
}

TEST(Templates, HaveEnglishAndGerman) { EXPECT_EQ(compiled().languages(), (Sentences{"de", "en"})); }

TEST(Templates, NeedTheirFacts) {
    const Templates templates = compiled();
    for (const KindRow& row : all_kinds()) {
        const auto made = templates.render(row.kind, "en", "Example", "Ann", {});
        EXPECT_EQ(made.has_value(), row.needs.empty()) << row.name;
    }
    Facts facts = all_facts();
    facts.link = "javascript:alert(1)";
    EXPECT_EQ(templates.render(Kind::kMagicLink, "en", "Example", "Ann", facts).error().name, "link");
    facts = all_facts();
    facts.code = "123 456 <b>";
    EXPECT_EQ(templates.render(Kind::kLogInCode, "en", "Example", "Ann", facts).error().name, "code");
}

TEST(Templates, LetNobodyWriteIntoThem) {
    const Templates templates = compiled();
    Facts facts = all_facts();
    facts.device = "<script>alert(1)</script>";
    facts.place = "{{code}}";
    const Rendered odd = rendered(templates, Kind::kNewDevice, "en", "Visit www.evil.example", facts);
    for (const char* text : {"script", "evil", "{{"}) {
        EXPECT_EQ(odd.text.find(text), std::string::npos) << text;
        EXPECT_EQ(odd.html.find(text), std::string::npos) << text;
    }
    EXPECT_TRUE(odd.text.starts_with("Hello,\n"));
    // What may be shown is escaped in HTML, and only there.
    const Rendered fine = rendered(templates, Kind::kUnlocked, "en", "Ann & \"Bob\"", all_facts());
    EXPECT_TRUE(fine.text.starts_with("Hello Ann & \"Bob\",\n"));
    EXPECT_NE(fine.html.find("Ann &amp; &quot;Bob&quot;"), std::string::npos);
    const auto made = templates.render(Kind::kWelcome, "en", "A & B <C>", "", all_facts());
    ASSERT_TRUE(made);
    EXPECT_EQ(made->subject, "Welcome to A & B <C>");
    EXPECT_EQ(made->html.find("<C>"), std::string::npos);
    EXPECT_NE(made->html.find("https://accounts.example.test/l?t=abc&amp;u=1"), std::string::npos);
}

TEST(Templates, AreFoundByLanguageRange) {
    const Folder folder;
    const auto loaded = Templates::load("");
    ASSERT_TRUE(loaded);
    const auto look_up = [&](const Sentences& wanted) { return loaded->look_up(wanted, "en"); };
    EXPECT_EQ(look_up({}), "en");
    EXPECT_EQ(look_up({"de"}), "de");
    EXPECT_EQ(look_up({"DE-at"}), "de");
    EXPECT_EQ(look_up({"de-CH-1996"}), "de");
    EXPECT_EQ(look_up({"de-x-private"}), "de");
    EXPECT_EQ(look_up({"fr", "de-AT", "en"}), "de");
    EXPECT_EQ(look_up({"fr-CA", "*"}), "en");
    EXPECT_EQ(look_up({"", "-", "d", "deu"}), "en");
    EXPECT_EQ(loaded->look_up({"fr"}, "de"), "de");
}

TEST(Templates, AreReplacedByAnOperatorsFiles) {
    const Folder folder;
    folder.write("en/unlocked.mustache",
                 "# a remark\n== subject\nOpen again, {{name}}\n== text\nOpen since {{at}}.\n== html\n<p>Open</p>\n");
    auto loaded = Templates::load(folder.path());
    ASSERT_TRUE(loaded) << loaded.error().sentences.front();
    const Rendered mine = rendered(*loaded, Kind::kUnlocked, "en", "Ann", all_facts());
    EXPECT_EQ(mine.subject, "Open again, Ann");
    EXPECT_TRUE(mine.text.starts_with("Hello Ann,\n\nOpen since 29 November 2026, 12:00 UTC.\n\n--\nExample\n"))
        << mine.text;
    EXPECT_EQ(rendered(*loaded, Kind::kUnlocked, "de", "Ann", all_facts()).subject, "Ihr Konto ist entsperrt");
}

TEST(Templates, NameFileAndLineOfWhatIsWrong) {
    const std::string sound = "== subject\ns\n== text\nt\n== html\nh\n";
    const auto faults_of = [](const std::string& text) {
        const Folder folder;
        folder.write("en/unlocked.mustache", text);
        return folder.faults();
    };
    const std::string at = "en/unlocked.mustache:";
    EXPECT_EQ(faults_of(sound), Sentences{});
    EXPECT_EQ(faults_of("== subject\ns\n\n== text\nt\nt {{code}}\n== html\nh\n"),
              Sentences{at + "6: there is no variable 'code' here; there are service, name, at"});
    EXPECT_EQ(faults_of("== subject\ns\n== text\nt\n"), Sentences{at + "1: the part 'html' is missing"});
    EXPECT_EQ(faults_of("== subject\ns\n== html\nh\n== text\n\n\n"), Sentences{at + "8: the part 'text' is empty"});
    EXPECT_EQ(faults_of("== subject\ns\n== html\nh\n== text\nt\n== txt\nt\n"),
              Sentences{at + "7: there is no part 'txt' here; there are subject, text, html"});
    EXPECT_EQ(faults_of(sound + "== text\nt\n"), Sentences{at + "7: the part 'text' is there twice"});
    EXPECT_EQ(faults_of("x\n" + sound),
              Sentences{at + "1: text stands before the first part; a part begins with '== subject'"});
    EXPECT_EQ(faults_of("== subject\ns\ns\n== text\nt\n== html\nh\n"), Sentences{at + "2: a subject has one line"});
    EXPECT_EQ(faults_of("== subject\ns\n== text\n{{#name}}\nt\n== html\nh\n"),
              Sentences{at + "4: the section 'name' is opened and not closed"});
    EXPECT_EQ(faults_of("== subject\ns\n== text\nt{{/name}}\n== html\nh\n"),
              Sentences{at + "4: the section 'name' is closed and was not the last one opened"});
    EXPECT_EQ(faults_of("== subject\ns\n== text\nt\n{{at\n== html\nh\n"),
              Sentences{at + "5: a tag is opened and not closed"});
    for (const char* tag : {"{{{name}}}", "{{&name}}"})
        EXPECT_EQ(faults_of("== subject\ns\n== text\nt\n== html\n\n" + std::string(tag) + "\n"),
                  Sentences{at + "7: 'name' may not stand unescaped: use two braces"});
    for (const char* tag : {"{{>layout}}", "{{=<% %>=}}"})
        EXPECT_EQ(faults_of("== subject\ns\n== text\nt\n== html\n\n" + std::string(tag) + "\n"),
                  Sentences{at + "7: neither other files nor other delimiters can be used"});
    EXPECT_EQ(faults_of("== subject\ns\xFF\n== text\nt\n== html\nh\n"),
              Sentences{at + "2: it is no UTF-8, or has control characters"});
    EXPECT_EQ(faults_of(std::string(kMostTemplateBytes + 1, '#')).front(), at + "1: has more than 65536 bytes");
}

TEST(Templates, RefuseFilesThatNobodyWouldRead) {
    const Folder folder;
    folder.write("readme.txt", "x");
    folder.write("en/wellcome.mustache", "x");
    folder.write("not a tag/welcome.mustache", "x");
    Sentences faults = folder.faults();
    std::sort(faults.begin(), faults.end());
    ASSERT_EQ(faults.size(), 3u);
    EXPECT_TRUE(faults[0].starts_with("en/wellcome.mustache:1: there is no mail of this name"));
    EXPECT_EQ(faults[1], "not a tag:1: a folder is named by a language tag, such as 'fr' or 'pt-BR'");
    EXPECT_EQ(faults[2], "readme.txt:1: only folders, one a language, belong here");

    const auto nowhere = Templates::load("/nowhere/at-all");
    ASSERT_FALSE(nowhere);
    EXPECT_EQ(nowhere.error().sentences, Sentences{"/nowhere/at-all:1: can't be read"});

    const Folder unreadable;
    files::create_directories(unreadable.path() + "/en/welcome.mustache");  // a folder where a file should be
    EXPECT_EQ(unreadable.faults().front(), "en/welcome.mustache:1: can't be read");
}

TEST(Templates, OfALanguageOfTheirOwnAreComplete) {
    const Folder folder;
    folder.write("fr/welcome.mustache", "== subject\ns\n== text\nt\n== html\nh\n");
    const Sentences faults = folder.faults();
    EXPECT_EQ(faults.size(), all_kinds().size());  // all others, and the layout
    EXPECT_EQ(faults.front(), "fr/layout.mustache:1: is missing: a language that is not compiled in needs every file");
}

TEST(Kinds, AreFoundByName) {
    for (const KindRow& row : all_kinds()) EXPECT_EQ(kind_named(row.name), row.kind);
    EXPECT_EQ(kind_named("layout"), std::nullopt);
}
