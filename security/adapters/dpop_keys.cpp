#include "security/adapters/dpop_keys.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "security/tokens/dpop_proof.hpp"

namespace keyledger::security {

namespace asio = boost::asio;

namespace {

asio::awaitable<JudgedKey> judge_here(std::string jwk) {
    auto key = PublicKey::parse(jwk);
    if (!key) co_return nullptr;
    co_return std::make_shared<const PublicKey>(std::move(*key));
}

}  // namespace

Result<commands::DpopProof, std::string> JwtDpopKeys::read(std::string_view text) {
    auto read = read_dpop_proof(text);
    if (!read) return Unexpected(read.error());
    return commands::DpopProof{std::move(read->thumbprint),  std::move(read->id), std::move(read->method),
                               std::move(read->uri),         read->made_at,       std::move(read->nonce),
                               std::move(read->token_digest)};
}

asio::awaitable<bool> JwtDpopKeys::is_signed_by_its_key(std::string text) {
    auto proof = read_dpop_proof(text);
    if (!proof) co_return false;
    JudgedKey key;
    if (auto known = judged_.find(proof->jwk)) {
        key = *known;
    } else {
        auto judging = judge_here(proof->jwk);
        key = co_await asio::co_spawn(processors_, std::move(judging), asio::use_awaitable);
        judged_.put(proof->jwk, key);
    }
    co_return key&& proof_is_signed_by(text, *key);
}

std::vector<std::string> JwtDpopKeys::algorithms() { return dpop_algorithms(); }

}  // namespace keyledger::security
