// What authenticators write: attestation objects, authenticator data, keys, client data.
#include "security/webauthn/ceremonies.hpp"
#include "security/webauthn/cose_key.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace keyledger::fuzz {
namespace {

using namespace security;
using Kind = CborValue::Kind;

std::string head(unsigned major, std::uint64_t number) {
    int size = number < 24 ? 0 : number <= 0xff ? 1 : number <= 0xffff ? 2 : number <= 0xffffffff ? 4 : 8;
    const unsigned low = size == 0   ? static_cast<unsigned>(number)
                         : size == 1 ? 24
                         : size == 2 ? 25
                         : size == 4 ? 26
                                     : 27;
    std::string bytes(1, static_cast<char>(major << 5 | low));
    for (; size > 0; --size) bytes += static_cast<char>(number >> (8 * (size - 1)));
    return bytes;
}

std::string written(const CborValue& value) {
    std::string all;
    for (const CborValue& one : value.items) all += written(one);
    switch (value.kind) {
        case Kind::kInteger:
            return value.number < 0 ? head(1, static_cast<std::uint64_t>(-1 - value.number))
                                    : head(0, static_cast<std::uint64_t>(value.number));
        case Kind::kBytes: return head(2, value.bytes.size()) + std::string(value.bytes);
        case Kind::kText: return head(3, value.bytes.size()) + std::string(value.bytes);
        case Kind::kList: return head(4, value.items.size()) + all;
        case Kind::kMap: return head(5, value.members()) + all;
        case Kind::kBoolean: return value.number != 0 ? "\xf5" : "\xf4";
        case Kind::kNull: break;
    }
    return "\xf6";
}

void check_data(std::string_view bytes) {
    const auto data = read_authenticator_data(bytes);
    if (!data) return;
    promise(data->relying_party_sha256.size() == 32, "it is for somebody");
    if (!data->credential) return;
    promise(!data->credential->id.empty() && data->credential->id.size() <= kMaxCredentialIdBytes, "an id is bounded");
    promise(data->credential->aaguid.size() == 16, "it is of a make");
    const auto key = judged_key(data->credential->public_key);
    promise(!key || PublicKey::parse(key->canonical()).has_value(), "a key reads as itself");
}

}  // namespace

void webauthn(std::string_view input) {
    if (const auto value = read_cbor(input)) promise(written(*value) == input, "one text is the only one of its value");
    std::string_view left = input;
    if (const auto value = take_cbor(left)) promise(written(*value) + std::string(left) == input, "it takes no more");
    check_data(input);
    if (const auto object = read_attestation_object(input)) check_data(object->authenticator_data);
    if (const auto client = read_client_data(input))
        promise(!check_client_data(*client, Ceremony::kAssertion, "", {"example.org", {client->origin}}),
                "no challenge is nobody's");
    const ExpectedCeremony expected{"challenge", {"example.org", {"https://example.org"}}};
    constexpr std::string_view kClientData =
        R"({"type":"webauthn.create","challenge":"Y2hhbGxlbmdl","origin":"https://example.org"})";
    const auto made = verify_registration({kClientData, input}, expected);
    if (made) promise(made->user_verified && (made->backup_eligible || !made->backed_up), "a registration is whole");
}

}  // namespace keyledger::fuzz
