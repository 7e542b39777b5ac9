#include "tests/support/authenticator/software_authenticator.hpp"

#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "security/primitives/random.hpp"

namespace keyledger::test {
namespace {

using security::base64url_decode;
using security::base64url_encode;
using security::SigningAlgorithm;

std::string digest_of(std::string_view bytes) {
    const auto digest = security::sha256(bytes);
    return std::string(security::view_of(digest));
}

std::string big_endian(std::uint64_t number, int size) {
    std::string bytes;
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift);
    return bytes;
}

std::string der_integer(std::string_view number) {
    while (number.size() > 1 && number.front() == '\0') number.remove_prefix(1);
    std::string bytes(static_cast<unsigned char>(number.front()) >= 0x80 ? 1 : 0, '\0');
    bytes += number;
    return "\x02" + std::string(1, static_cast<char>(bytes.size())) + bytes;
}

constexpr unsigned kHasCredential = 0x40;
constexpr unsigned kHasExtensions = 0x80;

}  // namespace

std::string cbor_head(unsigned major, std::uint64_t number) {
    const auto first = [major](unsigned low) { return std::string(1, static_cast<char>(major << 5 | low)); };
    if (number < 24) return first(static_cast<unsigned>(number));
    if (number <= 0xff) return first(24) + big_endian(number, 1);
    if (number <= 0xffff) return first(25) + big_endian(number, 2);
    if (number <= 0xffffffff) return first(26) + big_endian(number, 4);
    return first(27) + big_endian(number, 8);
}
std::string cbor_integer(std::int64_t number) {
    return number < 0 ? cbor_head(1, static_cast<std::uint64_t>(-1 - number))
                      : cbor_head(0, static_cast<std::uint64_t>(number));
}
std::string cbor_bytes(std::string_view bytes) { return cbor_head(2, bytes.size()) + std::string(bytes); }
std::string cbor_text(std::string_view text) { return cbor_head(3, text.size()) + std::string(text); }
std::string cbor_map(std::size_t members, std::string_view content) {
    return cbor_head(5, members) + std::string(content);
}

std::string der_of(std::string_view fixed) {
    const std::string numbers = der_integer(fixed.substr(0, 32)) + der_integer(fixed.substr(32));
    return "\x30" + std::string(1, static_cast<char>(numbers.size())) + numbers;
}

std::string attestation_object(std::string_view format, std::string_view statement,
                               std::string_view authenticator_data) {
    return cbor_map(3, cbor_text("fmt") + cbor_text(format) + cbor_text("attStmt") + std::string(statement) +
                           cbor_text("authData") + cbor_bytes(authenticator_data));
}

SoftwareAuthenticator::SoftwareAuthenticator(SigningAlgorithm algorithm)
    : credential_id(security::random_bytes(32)), key(security::SigningKey::generate(algorithm)) {}

std::string SoftwareAuthenticator::client_data(std::string_view type, std::string_view challenge) const {
    return R"({"type":")" + std::string(type) + R"(","challenge":")" + base64url_encode(challenge) + R"(","origin":")" +
           origin + '"' + more_client_data + '}';
}

std::string SoftwareAuthenticator::cose_key() const {
    const auto bytes = [this](std::string_view name) {
        for (const auto& [member, value] : key.public_members())
            if (member == name) return cbor_bytes(base64url_decode(value).value());
        return std::string();
    };
    switch (key.algorithm()) {
        case SigningAlgorithm::kEs256:
            return cbor_map(5, cbor_integer(1) + cbor_integer(2) + cbor_integer(3) + cbor_integer(-7) +
                                   cbor_integer(-1) + cbor_integer(1) + cbor_integer(-2) + bytes("x") +
                                   cbor_integer(-3) + bytes("y"));
        case SigningAlgorithm::kRs256:
            return cbor_map(4, cbor_integer(1) + cbor_integer(3) + cbor_integer(3) + cbor_integer(-257) +
                                   cbor_integer(-1) + bytes("n") + cbor_integer(-2) + bytes("e"));
        case SigningAlgorithm::kEdDsa: break;
    }
    return cbor_map(4, cbor_integer(1) + cbor_integer(1) + cbor_integer(3) + cbor_integer(-8) + cbor_integer(-1) +
                           cbor_integer(6) + cbor_integer(-2) + bytes("x"));
}

std::string SoftwareAuthenticator::authenticator_data() const {
    const unsigned all = flags | (extensions.empty() ? 0 : kHasExtensions);
    return digest_of(relying_party_id) + static_cast<char>(all) + big_endian(counter, 4) + extensions;
}

std::string SoftwareAuthenticator::registering_authenticator_data() const {
    const unsigned all = flags | kHasCredential | (extensions.empty() ? 0 : kHasExtensions);
    return digest_of(relying_party_id) + static_cast<char>(all) + big_endian(counter, 4) + aaguid +
           big_endian(credential_id.size(), 2) + credential_id + cose_key() + extensions;
}

std::string SoftwareAuthenticator::signature_of(std::string_view message) const {
    std::string signature = key.sign(message);
    return key.algorithm() == SigningAlgorithm::kEs256 ? der_of(signature) : signature;
}

std::string SoftwareAuthenticator::signed_message(std::string_view authenticator_data,
                                                  std::string_view client_data_json) const {
    return std::string(authenticator_data) + digest_of(client_data_json);
}

MadeCredential SoftwareAuthenticator::make(std::string_view challenge, Statement statement) const {
    MadeCredential made{client_data(create_type, challenge), {}};
    const std::string data = registering_authenticator_data();
    if (statement == Statement::kNone) {
        made.attestation_object = attestation_object("none", cbor_map(0, ""), data);
    } else {
        const std::string signature = signature_of(signed_message(data, made.client_data_json));
        const std::int64_t algorithm = key.algorithm() == SigningAlgorithm::kEs256   ? -7
                                       : key.algorithm() == SigningAlgorithm::kRs256 ? -257
                                                                                     : -8;
        made.attestation_object = attestation_object(
            "packed",
            cbor_map(2, cbor_text("alg") + cbor_integer(algorithm) + cbor_text("sig") + cbor_bytes(signature)), data);
    }
    return made;
}

MadeAssertion SoftwareAuthenticator::sign(std::string_view challenge) {
    counter += counts_by;
    MadeAssertion made{client_data(get_type, challenge), authenticator_data(), {}};
    made.signature = signature_of(signed_message(made.authenticator_data, made.client_data_json));
    return made;
}

namespace {

std::string credential_json(const std::string& id, const std::string& response) {
    const std::string text = base64url_encode(id);
    return R"({"id":")" + text + R"(","rawId":")" + text + R"(","type":"public-key","response":{)" + response +
           R"(},"clientExtensionResults":{},"authenticatorAttachment":"platform"})";
}

}  // namespace

std::string SoftwareAuthenticator::to_json(const MadeCredential& made) const {
    return credential_json(credential_id, R"("clientDataJSON":")" + base64url_encode(made.client_data_json) +
                                              R"(","attestationObject":")" + base64url_encode(made.attestation_object) +
                                              R"(","transports":["internal"])");
}

std::string SoftwareAuthenticator::to_json(const MadeAssertion& made) const {
    return credential_json(credential_id,
                           R"("clientDataJSON":")" + base64url_encode(made.client_data_json) +
                               R"(","authenticatorData":")" + base64url_encode(made.authenticator_data) +
                               R"(","signature":")" + base64url_encode(made.signature) + R"(","userHandle":)" +
                               (user_handle.empty() ? "null" : '"' + base64url_encode(user_handle) + '"'));
}

}  // namespace keyledger::test
