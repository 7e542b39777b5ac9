#include "eventstore/kafka/client/oauth_token.hpp"

#include <librdkafka/rdkafka.h>
#include <rapidjson/document.h>

#include <fstream>
#include <optional>

#include "domain/base/time.hpp"
#include "eventstore/codec/jcs.hpp"
#include "security/primitives/base64url.hpp"

namespace keyledger::eventstore::kafka {
namespace {

constexpr std::size_t kMaxTokenBytes = 64 * 1024;
constexpr double kLatestSecond = 1e11;  // in the year 5138

struct Token {
    std::string text;
    std::string subject;
    Instant expires_at;
};

std::optional<std::string> text_of(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    std::string text(kMaxTokenBytes, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    if (text.empty()) return std::nullopt;
    return text;
}

// The claims are the second of three parts.
std::optional<Token> token_in(std::string text) try {
    const auto first = text.find('.');
    const auto second = text.find('.', first + 1);
    if (first == text.npos || second == text.npos) return std::nullopt;
    const auto claims = security::base64url_decode(std::string_view(text).substr(first + 1, second - first - 1));
    if (!claims) return std::nullopt;
    const rapidjson::Document json = parse_json(*claims);
    if (!json.IsObject()) return std::nullopt;
    const auto expires = json.FindMember("exp");
    const auto subject = json.FindMember("sub");
    if (expires == json.MemberEnd() || !expires->value.IsNumber()) return std::nullopt;
    const double ends_at_second = expires->value.GetDouble();
    if (!(ends_at_second > 0 && ends_at_second < kLatestSecond)) return std::nullopt;
    Token token;
    token.expires_at = Instant::at_ms(static_cast<std::int64_t>(ends_at_second * 1000));
    token.subject = subject != json.MemberEnd() && subject->value.IsString() ? subject->value.GetString() : "keyledger";
    token.text = std::move(text);
    return token;
} catch (const CodecError&) {
    return std::nullopt;
}

}  // namespace

void provide_token(rd_kafka_s* handle, const std::string& file) {
    auto text = text_of(file);
    const auto token = text ? token_in(std::move(*text)) : std::nullopt;
    if (!token) {
        rd_kafka_oauthbearer_set_token_failure(handle, ("no JWT with an 'exp' could be read from " + file).c_str());
        return;
    }
    char why[512];
    if (rd_kafka_oauthbearer_set_token(handle, token->text.c_str(), token->expires_at.ms(), token->subject.c_str(),
                                       nullptr, 0, why, sizeof why) != RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_oauthbearer_set_token_failure(handle, why);
}

}  // namespace keyledger::eventstore::kafka
