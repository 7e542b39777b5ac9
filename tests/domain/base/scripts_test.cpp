#include "domain/base/scripts.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace keyledger {
namespace {

TEST(MixedScripts, AreThoseThatNoLanguageWritesTogether) {
    const std::pair<const char*, bool> kTable[] = {
        {"", false},
        {"ann_lee.7-x", false},
        {"Zoë", false},
        {"ala\u0301", false},
        {"\u0430\u043D\u043D\u0430", false},
        {"\u0430\u043D\u043D\u0430_7", false},
        {"\u03C3\u03AF\u03C3\u03C5\u03C6\u03BF\u03C2", false},
        {"\u0561\u0576\u0576\u0561", false},
        {"\u05D0\u05E0\u05D4", false},
        {"\u0622\u0646\u0627", false},
        {"\u13A0\u13B5\u13CD", false},
        {"\u0D05\u0D28\u0D4D\u0D28", false},
        {"\u0905\u0928\u094D\u0928\u093E", false},
        {"o\u02BBkina", false},  // a modifier letter of no script
        {"\u30CF\u30CA\u5B50\u306E\u82B1", false},
        {"hana\u82B1\u5B50\u30CF\u306A", false},
        {"lee\uC774\u674E", false},
        {"lee\u674E\u3105", false},
        {"p\u0430ypal", true},            // Cyrillic
        {"\u03BFtto", true},              // Greek
        {"b\u0585b", true},               // Armenian
        {"b\u0D20b", true},               // Malayalam
        {"b\u13CEb", true},               // Cherokee
        {"\u10E7ann", true},              // Georgian
        {"ann\u0B20", true},              // Oriya
        {"\u0561\u0430\u0430", true},     // Armenian and Cyrillic
        {"\u3105\uC774\u674E", true},     // Bopomofo and Hangul
        {"\u043B\u674E\u674E", true},     // Cyrillic and Han
        {"a\U00010330\U00010331", true},  // Gothic: not told apart from other dead scripts, and from living ones
    };
    for (const auto& [name, mixes] : kTable) EXPECT_EQ(mixes_scripts(name), mixes) << name;
}

}  // namespace
}  // namespace keyledger
