#include "integrations/outgoing/destination.hpp"

#include <gtest/gtest.h>

using namespace keyledger::integrations;

namespace {

const std::vector<NamedHost> kNamed{{"localhost", "8080"}, {"keys.internal", ""}, {"[::1]", ""}};

}  // namespace

TEST(Destination, IsHttpsAndWholeAndNothingElse) {
    for (const char* url : {"https://example.com", "https://Example.com:8443/a?b=c", "https://[2001:db8::1]/",
                            "HTTPS://example.com/", "https://192.0.2.1/jwks"})
        EXPECT_TRUE(read_destination(url, {})) << url;
    for (const char* url :
         {"", "example.com", "//example.com", "http://example.com/", "ftp://example.com/", "file:///etc/passwd",
          "https://", "https://user@example.com/", "https://user:word@example.com/", "https://@example.com/",
          "https://example.com/#part", "https://example.com/ a", "https://example.com/\r\nHost: b",
          "https://exämple.com/", "https://example.com:0x50/", "https://example.com:99999/", "https://exa%0ample.com/",
          "gopher://example.com/"})
        EXPECT_FALSE(read_destination(url, {})) << url;
    EXPECT_FALSE(read_destination("https://example.com/" + std::string(2048, 'a'), {}));
}

TEST(Destination, IsPlainOnThisMachineAloneAndWhereItIsNamed) {
    const auto plain = read_destination("http://localhost:8080/jwks", kNamed);
    ASSERT_TRUE(plain);
    EXPECT_TRUE(plain->is_plain);
    EXPECT_TRUE(read_destination("http://[::1]:1/", kNamed));
    EXPECT_FALSE(read_destination("http://localhost:8081/", kNamed));  // another port
    EXPECT_FALSE(read_destination("http://localhost/", kNamed));       // port 80
    EXPECT_FALSE(read_destination("http://keys.internal/", kNamed));   // named, and another machine
    EXPECT_FALSE(read_destination("http://127.0.0.1:8080/", kNamed));  // by another name
    EXPECT_FALSE(read_destination("http://localhost.example.com:8080/", kNamed));
}

TEST(Destination, KnowsWhomConfigurationNames) {
    EXPECT_TRUE(read_destination("https://keys.internal/a", kNamed)->is_named);
    EXPECT_TRUE(read_destination("https://KEYS.internal:8443/a", kNamed)->is_named);
    EXPECT_FALSE(read_destination("https://other.keys.internal/a", kNamed)->is_named);
    EXPECT_FALSE(read_destination("https://localhost/a", kNamed)->is_named);
    EXPECT_EQ(read_destination("https://KEYS.internal/a", kNamed)->place, "keys.internal:443");
}

TEST(Destination, ReadsTheNamesOfConfiguration) {
    EXPECT_EQ(NamedHost::parse("Keys.internal")->host, "keys.internal");
    EXPECT_EQ(NamedHost::parse("[::1]:8443")->host, "[::1]");
    EXPECT_EQ(NamedHost::parse("127.0.0.1:8443")->port, "8443");
    for (const char* text : {"", "https://keys.internal", "keys.internal/", "a@keys.internal", "keys internal",
                             "keys:", "::1", "keys:99999", "kéys", "127.1"})
        EXPECT_FALSE(NamedHost::parse(text)) << text;
}
