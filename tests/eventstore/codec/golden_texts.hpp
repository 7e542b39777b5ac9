#pragma once
// What stands in the golden files of events and envelopes: JSON as the log holds it. Read from the working directory,
// which is the repository's.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace keyledger::eventstore::test {

inline std::vector<std::string> golden_texts() {
    std::vector<std::string> texts;
    for (const char* folder : {"tests/golden", "tests/golden/envelopes"})
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            if (entry.path().extension() != ".json") continue;
            std::ifstream in(entry.path(), std::ios::binary);
            std::string text{std::istreambuf_iterator<char>(in), {}};
            while (!text.empty() && text.back() == '\n') text.pop_back();
            texts.push_back(std::move(text));
        }
    std::ranges::sort(texts);  // the order of folders is the file system's
    return texts;
}

}  // namespace keyledger::eventstore::test
