#include "api/requests/target.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

using namespace keyledger::api;
using Segments = std::vector<std::string>;

TEST(ParseTarget, DecodesSegmentsAndQuery) {
    auto target = parse_target("/a/b%20c?x=1+2&y=%C3%A4&z");
    ASSERT_TRUE(target);
    EXPECT_EQ(target->segments, (Segments{"a", "b c"}));
    EXPECT_EQ(find(target->query, "x"), "1 2");
    EXPECT_EQ(find(target->query, "y"), "\xC3\xA4");
    EXPECT_EQ(find(target->query, "z"), "");
}

TEST(ParseTarget, KeepsAnEncodedSlashInsideItsSegment) {
    EXPECT_EQ(parse_target("/a%2Fb/c")->segments, (Segments{"a/b", "c"}));
}

TEST(ParseTarget, KeepsEmptySegmentsSoThatTheyMatchNothing) {
    EXPECT_EQ(parse_target("/")->segments, Segments{});
    EXPECT_EQ(parse_target("/a/")->segments, (Segments{"a", ""}));
    EXPECT_EQ(parse_target("//a")->segments, (Segments{"", "a"}));
}

TEST(ParseTarget, RefusesDotSegmentsHoweverTheyAreSpelt) {
    for (const char* raw : {"/a/../b", "/a/./b", "/..", "/%2e%2e/b", "/a/.%2E"}) EXPECT_FALSE(parse_target(raw)) << raw;
}

TEST(ParseTarget, RefusesControlCharactersBadEscapesAndBadBytes) {
    for (const char* raw : {"/%00", "/%0d%0a", "/%7f", "/%", "/%zz", "/%ff", "/\xC3\xA4", "/a b", "/a#b", "/a\\b",
                            "/{a}", "a", "", "?a=b", "/a?b=%00", "/a?b=%ff"})
        EXPECT_FALSE(parse_target(raw)) << raw;
}

TEST(ParseTarget, TakesTheBytesThatRfc3986Allows) {
    const std::string_view refused = "\"<>\\^`{|}#";
    for (int c = 1; c < 256; ++c) {
        const auto byte = static_cast<char>(c);
        const bool is_allowed = c > 0x20 && c < 0x7F && refused.find(byte) == refused.npos && byte != '%';
        EXPECT_EQ(parse_target("/a" + std::string(1, byte) + "b").has_value(), is_allowed) << c;
    }
}

TEST(ParseTarget, RefusesAParameterGivenTwiceHoweverItIsSpelt) {
    for (const char* raw : {"/?a=1&a=2", "/?a=1&%61=2", "/?a&a"}) EXPECT_FALSE(parse_target(raw)) << raw;
}

// The URL standard, section 5.1: a sequence that is empty is skipped.
TEST(ParseTarget, SkipsEmptyPairs) {
    for (const char* raw : {"/?", "/?&", "/?&&", "/?&&&"}) {
        auto target = parse_target(raw);
        ASSERT_TRUE(target) << raw;
        EXPECT_TRUE(target->query.empty()) << raw;
    }
    for (const char* raw : {"/?a=1&", "/?&a=1", "/?&&a=1&&", "/?a=1&&b=2", "/?&a=1&&&b=2&&"}) {
        auto target = parse_target(raw);
        ASSERT_TRUE(target) << raw;
        EXPECT_EQ(find(target->query, "a"), "1") << raw;
        EXPECT_EQ(target->query.size(), target->query.back().name == "b" ? 2U : 1U) << raw;
    }
    for (const char* raw : {"/?=", "/?=1", "/?a=1&=1"}) {  // a pair with an empty name is none of them
        auto target = parse_target(raw);
        ASSERT_TRUE(target) << raw;
        EXPECT_EQ(target->query.back().name, "") << raw;
    }
    for (const char* raw : {"/?=1&=2", "/?a=1&&a=1", "/?a&&a"}) EXPECT_FALSE(parse_target(raw)) << raw;
}

TEST(ParseParameters, CountsNoEmptyPairs) {
    const std::string ampersands(10'000, '&');
    auto parameters = parse_parameters(ampersands + "a=1" + ampersands + "b=2" + ampersands, 2);
    ASSERT_TRUE(parameters);
    EXPECT_EQ(parameters->size(), 2U);
    EXPECT_FALSE(parse_parameters("a=1&&b=2", 1));
}

TEST(ParseTarget, TakesTheAbsoluteFormApart) {
    auto target = parse_target("http://example.org:8080/a?b=c");
    ASSERT_TRUE(target);
    EXPECT_EQ(target->authority, "example.org:8080");
    EXPECT_EQ(target->segments, Segments{"a"});
    EXPECT_TRUE(parse_target("HTTPS://example.org")->segments.empty());
    for (const char* raw : {"ftp://a/", "http:///a", "http://a@b/", "http://a b/"})
        EXPECT_FALSE(parse_target(raw)) << raw;
}

TEST(ParseTarget, CountsSegmentsAndParameters) {
    std::string path, query = "/?";
    for (std::size_t i = 0; i <= kMaxPathSegments; ++i) path += "/a";
    for (std::size_t i = 0; i <= kMaxQueryParameters; ++i) query += (i > 0 ? "&p" : "p") + std::to_string(i);
    EXPECT_FALSE(parse_target(path));
    EXPECT_TRUE(parse_target(path.substr(2)));
    EXPECT_FALSE(parse_target(query));
    EXPECT_TRUE(parse_target(query.substr(0, query.rfind('&'))));
}

TEST(ValidHost, AcceptsNamesAddressesAndPorts) {
    for (const char* host :
         {"a", "example.org", "example.org:443", "127.0.0.1:1", "[::1]", "[::1]:8080", "a:", "%61b", "a%2Db:1"})
        EXPECT_TRUE(valid_host(host)) << host;
    for (const char* host : {"", ":80", "a b", "a/b", "a@b", "a:b", "a:123456", "[::1", "[x]", "[::1]x", "a,b\"",
                             "a:1:2", "a%", "a%2", "a%zz", "%"})
        EXPECT_FALSE(valid_host(host)) << host;
}
