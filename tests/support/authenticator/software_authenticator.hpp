#pragma once
// An authenticator of software, with the browser in front of it: makes passkeys and signs with them (W3C Web
// Authentication), and tells every lie that it is told to tell. All members may be changed between two ceremonies.
#include <cstdint>
#include <string>
#include <string_view>

#include "security/keys/signing_key.hpp"

namespace keyledger::test {

// ---- CBOR ----------------------------------------------------------------------------------------------------------
std::string cbor_head(unsigned major, std::uint64_t number);
std::string cbor_integer(std::int64_t number);
std::string cbor_bytes(std::string_view bytes);
std::string cbor_text(std::string_view text);
std::string cbor_map(std::size_t members, std::string_view content);

// ---- what a ceremony gives -----------------------------------------------------------------------------------------
struct MadeCredential {
    std::string client_data_json;
    std::string attestation_object;
};
struct MadeAssertion {
    std::string client_data_json;
    std::string authenticator_data;
    std::string signature;
};

class SoftwareAuthenticator {
public:
    enum class Statement { kNone, kSelf };
    enum Flag : unsigned { kPresent = 0x01, kVerified = 0x04, kEligible = 0x08, kBackedUp = 0x10 };

    explicit SoftwareAuthenticator(security::SigningAlgorithm algorithm = security::SigningAlgorithm::kEs256);

    MadeCredential make(std::string_view challenge, Statement statement = Statement::kNone) const;
    MadeAssertion sign(std::string_view challenge);  // counts, where it counts

    // The same as browsers give them to a page: PublicKeyCredential.toJSON().
    std::string to_json(const MadeCredential& made) const;
    std::string to_json(const MadeAssertion& made) const;

    std::string relying_party_id = "example.org";
    std::string origin = "https://example.org";
    std::string credential_id;  // random
    std::string user_handle;    // of the account that it was made for
    std::string aaguid = std::string(16, '\x07');
    unsigned flags = kPresent | kVerified;
    std::uint32_t counter = 0;
    std::uint32_t counts_by = 0;  // passkeys that are on several devices don't count
    std::string create_type = "webauthn.create";
    std::string get_type = "webauthn.get";
    std::string more_client_data;  // behind the others, as `,"crossOrigin":true`
    std::string extensions;        // CBOR
    security::SigningKey key;

    // ---- the parts -----------------------------------------------------------------------------------------------
    std::string client_data(std::string_view type, std::string_view challenge) const;
    std::string cose_key() const;
    std::string authenticator_data() const;  // of an assertion
    std::string registering_authenticator_data() const;
    // As authenticators sign: ES256 in DER.
    std::string signature_of(std::string_view message) const;
    std::string signed_message(std::string_view authenticator_data, std::string_view client_data_json) const;
};

// An attestation object of these parts.
std::string attestation_object(std::string_view format, std::string_view statement,
                               std::string_view authenticator_data);
// r || s of an ES256 signature as DER.
std::string der_of(std::string_view fixed);

}  // namespace keyledger::test
