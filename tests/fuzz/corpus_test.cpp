// The fuzzers' bodies over what libFuzzer once found worth keeping, so that no parser loses a promise between
// two runs of scripts/fuzz. Under ASan and UBSan it sees what they see.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/fuzz.hpp"

namespace keyledger::fuzz {
namespace {

constexpr std::size_t kMaxFiles = 64;  // of one fuzzer: a corpus is read by people, too

struct Fuzzer {
    const char* name;  // of its folder in tests/fuzz/corpus
    void (*body)(std::string_view);
};
constexpr Fuzzer kFuzzers[] = {{"head", head},
                               {"fields", fields},
                               {"target", target},
                               {"json", json},
                               {"form", form},
                               {"token", token},
                               {"sealed", sealed},
                               {"note", note},
                               {"export_line", export_line},
                               {"text", text},
                               {"mail", mail},
                               {"imported_hash", imported_hash},
                               {"import_line", import_line},
                               {"webauthn", webauthn}};

std::string text_of(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    EXPECT_TRUE(in) << path;
    return {std::istreambuf_iterator<char>(in), {}};
}

class Corpus : public testing::TestWithParam<Fuzzer> {};

INSTANTIATE_TEST_SUITE_P(Fuzzers, Corpus, testing::ValuesIn(kFuzzers),
                         [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace

TEST_P(Corpus, BreaksNoPromise) {
    const std::filesystem::path folder = std::filesystem::path("tests/fuzz/corpus") / GetParam().name;
    ASSERT_TRUE(is_directory(folder)) << folder << ": run this in the root of the repository, as ctest does";
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        SCOPED_TRACE(entry.path());
        const std::string input = text_of(entry.path());
        EXPECT_LE(input.size(), kMaxInputBytes);
        EXPECT_NO_THROW(GetParam().body(input));
        ++files;
    }
    EXPECT_GT(files, 0U);
    EXPECT_LE(files, kMaxFiles) << "minimise it: scripts/fuzz --keep";
    EXPECT_NO_THROW(GetParam().body(""));
}

TEST(Corpora, EveryFolderHasItsFuzzer) {
    for (const auto& entry : std::filesystem::directory_iterator("tests/fuzz/corpus"))
        EXPECT_TRUE(std::ranges::any_of(kFuzzers, [&](const Fuzzer& fuzzer) {
            return entry.path().filename() == fuzzer.name;
        })) << entry.path();
}

}  // namespace keyledger::fuzz
