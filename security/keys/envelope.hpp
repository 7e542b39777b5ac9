#pragma once
// Internal to security/: how sealed values name the key that opens them: version byte | length of the key id
// | key id | body.
#include <optional>
#include <string>
#include <string_view>

namespace keyledger::security {

std::string envelope_head(char version, std::string_view key_id);

// Views into the bytes that were read.
struct Envelope {
    std::string_view head;  // everything before the body: belongs into the associated data
    std::string_view key_id;
    std::string_view body;
};
std::optional<Envelope> read_envelope(char version, std::string_view bytes);
// The key that an envelope in base64url names.
std::optional<std::string> key_named_in(char version, std::string_view text);

}  // namespace keyledger::security
