#pragma once
// DPoP proofs and the keys in them, as commands want to know them. Any thread.
#include <boost/asio/thread_pool.hpp>

#include "commands/clients/dpop.hpp"
#include "security/adapters/client_assertions.hpp"

namespace keyledger::security {

// A key comes with each proof, mostly one that was seen before. It is judged as keys that clients register are, on the
// pool, and remembered by what it is made of.
class JwtDpopKeys : public commands::DpopKeys {
public:
    // The pool outlives it.
    explicit JwtDpopKeys(boost::asio::thread_pool& processors) : processors_(processors) {}

    Result<commands::DpopProof, std::string> read(std::string_view proof) override;
    boost::asio::awaitable<bool> is_signed_by_its_key(std::string proof) override;
    std::vector<std::string> algorithms() override;

private:
    boost::asio::thread_pool& processors_;
    KeyVerdictCache judged_{kMaxRememberedKeys};
};

}  // namespace keyledger::security
