// What was known when this was built, in the form that the client wishes.
#include "api/routes/static_answer.hpp"

#include <gtest/gtest.h>

#include "api/docs/docs_files.hpp"
#include "api/openapi/document.hpp"
#include "api/pages/compiled_files.hpp"

namespace keyledger::api {
namespace {

constexpr std::string_view kGzipMark = "\x1f\x8b\x08";  // RFC 1952 section 2.3
constexpr StaticFile kPacked{"a.css", "as it is", "in gzip", "0123456789abcdef"};
constexpr StaticFile kPlain{"b.css", "as it is", {}, "0123456789abcdef"};

Response answered(const StaticFile& file, std::string_view accepted, std::string_view known = {}) {
    Request request;
    if (!accepted.empty()) request.headers.add("Accept-Encoding", accepted);
    if (!known.empty()) request.headers.add("If-None-Match", known);
    return static_answer(request, file, "text/css", "public, max-age=300");
}

std::string tag_of(const Response& response) { return std::string(response.headers.find("ETag").value_or("none")); }

TEST(StaticAnswer, IsInGzipWhereThatIsWished) {
    const Response packed = answered(kPacked, "br, gzip");
    EXPECT_EQ(packed.whole_body(), "in gzip");
    EXPECT_EQ(packed.headers.find("Content-Encoding"), "gzip");
    for (std::string_view accepted : {"", "br", "gzip;q=0", "identity;q=0"}) {
        const Response plain = answered(kPacked, accepted);
        EXPECT_EQ(plain.status, 200);
        EXPECT_EQ(plain.whole_body(), "as it is") << accepted;
        EXPECT_FALSE(plain.headers.contains("Content-Encoding")) << accepted;
        EXPECT_EQ(plain.headers.find("Vary"), "Accept-Encoding") << accepted;
    }
    EXPECT_EQ(packed.headers.find("Vary"), "Accept-Encoding");
    EXPECT_EQ(packed.headers.find("Cache-Control"), "public, max-age=300");
}

TEST(StaticAnswer, OfAFileThatIsNotPackedNeverIs) {
    const Response plain = answered(kPlain, "gzip");
    EXPECT_EQ(plain.whole_body(), "as it is");
    EXPECT_FALSE(plain.headers.contains("Content-Encoding"));
    EXPECT_FALSE(plain.headers.contains("Vary"));
}

// RFC 9110 section 8.8.3: two forms of one file are two representations. Whoever has the one must not be told that it
// is the other.
TEST(StaticAnswer, HasATagForEachForm) {
    const std::string packed = tag_of(answered(kPacked, "gzip"));
    const std::string plain = tag_of(answered(kPacked, ""));
    EXPECT_NE(packed, plain);
    const Response same = answered(kPacked, "gzip", packed);
    EXPECT_EQ(same.status, 304);
    EXPECT_TRUE(same.whole_body().empty());
    EXPECT_EQ(same.headers.find("Vary"), "Accept-Encoding");
    EXPECT_EQ(answered(kPacked, "gzip", plain).status, 200);
    EXPECT_EQ(answered(kPacked, "", plain).status, 304);
}

TEST(StaticAnswer, OfLongFilesIsPackedWhenThisIsBuilt) {
    std::vector<StaticFile> files(docs_files().begin(), docs_files().end());
    files.insert(files.end(), compiled_files().begin(), compiled_files().end());
    files.push_back(openapi_file());
    for (const StaticFile& file : files) {
        EXPECT_FALSE(file.text.empty()) << file.name;
        EXPECT_EQ(file.tag.size(), 16U) << file.name;
        if (file.text.size() < 4096) continue;
        EXPECT_TRUE(file.gzip.starts_with(kGzipMark)) << file.name;
        EXPECT_LT(file.gzip.size(), file.text.size() / 2) << file.name;
    }
    EXPECT_TRUE(openapi_document().starts_with("{\"openapi\":\"3.1.0\"")) << openapi_document().substr(0, 40);
    EXPECT_TRUE(openapi_document().ends_with("}\n"));
}

}  // namespace
}  // namespace keyledger::api
