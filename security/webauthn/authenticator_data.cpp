#include "security/webauthn/authenticator_data.hpp"

#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "security/webauthn/cbor.hpp"
#include "security/webauthn/cose_key.hpp"

namespace keyledger::security {
namespace {

constexpr std::size_t kDigestSize = 32;
constexpr std::size_t kAaguidSize = 16;
enum Flag : unsigned char {
    kUserPresent = 0x01,
    kUserVerified = 0x04,
    kBackupEligible = 0x08,
    kBackedUp = 0x10,
    kHasCredential = 0x40,
    kHasExtensions = 0x80,
};

// The next bytes of a form whose lengths are known. From the first that are not there, nothing is good any more.
class Fields {
public:
    explicit Fields(std::string_view bytes) : rest_(bytes) {}
    std::string_view take(std::size_t size) {
        good_ = good_ && rest_.size() >= size;
        if (!good_) return {};
        const std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }
    std::uint32_t number(std::size_t size) {
        std::uint32_t number = 0;
        for (const char byte : take(size)) number = number << 8 | static_cast<unsigned char>(byte);
        return number;
    }
    bool is_good() const { return good_; }
    std::string_view& rest() { return rest_; }

private:
    std::string_view rest_;
    bool good_ = true;
};

Result<AttestedCredential, CeremonyError> take_credential(Fields& fields) {
    AttestedCredential credential;
    credential.aaguid = fields.take(kAaguidSize);
    const std::size_t size = fields.number(2);
    if (fields.is_good() && (size == 0 || size > kMaxCredentialIdBytes))
        return Unexpected(CeremonyError::kCredentialIdTooLong);
    credential.id = fields.take(size);
    if (!fields.is_good()) return Unexpected(CeremonyError::kAuthenticatorDataUnreadable);
    const auto key = take_cbor(fields.rest());
    if (!key) return Unexpected(CeremonyError::kKeyUnreadable);
    KEYLEDGER_TRY(jwk, jwk_of_cose(*key));
    credential.public_key = std::move(*jwk);
    return credential;
}

}  // namespace

Result<AuthenticatorData, CeremonyError> read_authenticator_data(std::string_view bytes) {
    if (bytes.size() > kMaxAuthenticatorDataBytes) return Unexpected(CeremonyError::kAuthenticatorDataUnreadable);
    Fields fields(bytes);
    AuthenticatorData data;
    data.relying_party_sha256 = fields.take(kDigestSize);
    const std::uint32_t flags = fields.number(1);
    data.user_present = (flags & kUserPresent) != 0;
    data.user_verified = (flags & kUserVerified) != 0;
    data.backup_eligible = (flags & kBackupEligible) != 0;
    data.backed_up = (flags & kBackedUp) != 0;
    data.counter = fields.number(4);
    if (!fields.is_good()) return Unexpected(CeremonyError::kAuthenticatorDataUnreadable);
    if ((flags & kHasCredential) != 0) {
        KEYLEDGER_TRY(credential, take_credential(fields));
        data.credential = std::move(*credential);
    }
    if ((flags & kHasExtensions) != 0) {
        const auto extensions = take_cbor(fields.rest());
        if (!extensions || extensions->kind != CborValue::Kind::kMap)
            return Unexpected(CeremonyError::kAuthenticatorDataUnreadable);
    }
    if (!fields.rest().empty()) return Unexpected(CeremonyError::kAuthenticatorDataUnreadable);
    return data;
}

Result<void, CeremonyError> check_authenticator_data(const AuthenticatorData& data, std::string_view relying_party_id,
                                                     UserVerification verification) {
    const Digest expected = sha256(relying_party_id);
    if (data.relying_party_sha256 != view_of(expected)) return Unexpected(CeremonyError::kWrongRelyingParty);
    if (!data.user_present) return Unexpected(CeremonyError::kUserNotPresent);
    if (verification == UserVerification::kRequired && !data.user_verified)
        return Unexpected(CeremonyError::kUserNotVerified);
    if (data.backed_up && !data.backup_eligible) return Unexpected(CeremonyError::kBackedUpButNotEligible);
    return {};
}

}  // namespace keyledger::security
