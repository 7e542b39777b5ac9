#include "commands/passkeys/kept_passkey.hpp"

#include "commands/credentials/named_credential.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::commands {

std::string passkey_kind_of(const FactorId& factor_id) { return "passkey." + factor_id.to_string(); }

Answer<KeptPasskey> read_passkey(Services& services, Attempt& attempt, UserId user_id, FactorId factor_id,
                                 std::string sealed_sha256, Deadline deadline) {
    KEYLEDGER_CO_TRY(key, co_await attempt.key_of(user_id));
    auto passkey = co_await open_passkey(services, *key, user_id, factor_id, std::move(sealed_sha256), deadline);
    co_return passkey;
}

Answer<KeptPasskey> open_passkey(Services& services, eventstore::SubjectKeyPtr key, UserId user_id, FactorId factor_id,
                                 std::string sealed_sha256, Deadline deadline) {
    CredentialName name{user_id, passkey_kind_of(factor_id), std::move(sealed_sha256)};
    KEYLEDGER_CO_TRY(stored, co_await read_named_credential(services, std::move(name), std::nullopt, deadline));
    KEYLEDGER_CO_TRY(clear, open_credential(services, key, *stored));
    security::PartsReader parts(clear->reveal());
    KeptPasskey passkey;
    passkey.credential_id = parts.part();
    passkey.public_key = parts.part();
    passkey.name = parts.part();
    passkey.revision = stored->revision;
    if (!parts.is_at_end()) co_return Unexpected(refusals::kCredentialTampered);
    co_return std::move(passkey);
}

Answer<std::string> put_passkey(Services& services, Attempt& attempt, UserId user_id, FactorId factor_id,
                                const KeptPasskey& passkey) {
    const Secret clear =
        Secret::take(security::length_prefixed({passkey.credential_id, passkey.public_key, passkey.name}));
    const CredentialId credential_id(factor_id.uuid);
    auto sealed_sha256 = co_await put_credential(services, attempt, clear, credential_id, user_id,
                                                 passkey_kind_of(factor_id), passkey.revision);
    co_return sealed_sha256;
}

std::optional<std::string> digest_of_passkey(std::string_view credential_id) {
    const auto id = security::base64url_decode(credential_id);
    if (!id || id->empty()) return std::nullopt;
    const auto digest = security::sha256(std::string_view(*id));
    return security::hex_encode(security::view_of(digest));
}

Answer<std::vector<std::string>> passkeys_of(Services& services, Attempt& attempt, StreamOf<Factors> factors,
                                             UserId user_id, Deadline deadline) {
    const std::vector<Factors::Enrolled> enrolled = attempt.state(factors).enrolled;
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < enrolled.size(); ++i) {
        const Factors::Enrolled& one = enrolled[i];
        if (one.kind != FactorKind::kPasskey) continue;
        KEYLEDGER_CO_TRY(kept, co_await read_passkey(services, attempt, user_id, one.id, one.sealed_sha256, deadline));
        ids.push_back(std::move(kept->credential_id));
    }
    co_return std::move(ids);
}

}  // namespace keyledger::commands
