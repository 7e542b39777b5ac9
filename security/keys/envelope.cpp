#include "security/keys/envelope.hpp"

#include <cstdint>
#include <stdexcept>

#include "security/primitives/base64url.hpp"

namespace keyledger::security {

std::string envelope_head(char version, std::string_view key_id) {
    if (key_id.empty() || key_id.size() > 255) throw std::invalid_argument("a key id must have 1 to 255 bytes");
    std::string head{version, static_cast<char>(key_id.size())};
    head += key_id;
    return head;
}

std::optional<Envelope> read_envelope(char version, std::string_view bytes) {
    if (bytes.size() < 2 || bytes[0] != version) return std::nullopt;
    std::size_t id_size = static_cast<std::uint8_t>(bytes[1]);
    if (id_size == 0 || bytes.size() - 2 < id_size) return std::nullopt;
    return Envelope{bytes.substr(0, 2 + id_size), bytes.substr(2, id_size), bytes.substr(2 + id_size)};
}

std::optional<std::string> key_named_in(char version, std::string_view text) {
    const auto bytes = base64url_decode(text);
    const auto envelope = bytes ? read_envelope(version, *bytes) : std::nullopt;
    if (!envelope) return std::nullopt;
    return std::string(envelope->key_id);
}

}  // namespace keyledger::security
