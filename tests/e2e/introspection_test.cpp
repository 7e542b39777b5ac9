// What is told of tokens, in which form.
#include <gtest/gtest.h>

#include "security/base64url.hpp"
#include "tests/e2e/service_accounts.hpp"

namespace keyledger::test {
namespace {

TEST(ServiceTokens, AreToldOfInASignedAnswer) {
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    const std::string token = token_of(one.client);
    auto ask = [&](const std::string& accept) {
        return api().form(kIntrospect, form_body({{"token", token}}),
                          {{"Authorization", one.client.basic()}, {"Accept", accept}});
    };
    for (const char* accept :
         {"application/token-introspection+jwt", "text/html, application/token-introspection+jwt;q=0.5",
          "application/token-introspection+JWT ; Q=0.501 , , */*;q=0.5",
          "application/json;q=0.000,application/token-introspection+jwt;q=0.001",
          "application/json, application/token-introspection+jwt"}) {
        const Answer answer = ask(accept);
        ASSERT_EQ(answer.status, 200) << answer.body;
        EXPECT_EQ(answer.header("Content-Type"), "application/token-introspection+jwt");
        const auto first = answer.body.find('.');
        const auto second = answer.body.find('.', first + 1);
        const std::string header = security::base64url_decode(answer.body.substr(0, first)).value();
        const std::string payload =
            security::base64url_decode(answer.body.substr(first + 1, second - first - 1)).value();
        EXPECT_NE(header.find(R"("typ":"token-introspection+jwt")"), std::string::npos) << header;
        EXPECT_NE(payload.find(R"("aud":")" + one.id + "\""), std::string::npos) << payload;
        EXPECT_NE(payload.find(R"("token_introspection":{"active":true,)"), std::string::npos) << payload;
        EXPECT_FALSE(is_active(api(), answer.body)) << "it is no token";
    }
    for (const char* accept :
         {"application/json", "*/*", "application/*", "application/token-introspection+jwt;q=0",
          "application/token-introspection+jwt;q=0.000", "application/token-introspection+jwt;q=0.5, */*",
          "application/token-introspection+jwt;q=0.09, application/json;q=0.1",
          "application/token-introspection+jwt;q=5",
          "text/html;x=\", application/token-introspection+jwt, \""})
        EXPECT_EQ(ask(accept).header("Content-Type"), "application/json") << accept;
}

}  // namespace
}  // namespace keyledger::test
