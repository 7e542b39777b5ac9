#pragma once
// Signed notes (C2SP signed-note, as the Go package golang.org/x/mod/sumdb/note reads and writes them) with Ed25519
// (RFC 8032): a text that ends in a newline, an empty line, and lines "— <key name> <base64 of key hash and
// signature>". Failures of OpenSSL throw CryptoFailure.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/result.hpp"
#include "security/keys/signing_key.hpp"

namespace keyledger::security {

inline constexpr std::size_t kMaxNoteSignatures = 16;

// What it takes to verify: "<name>+<hash>+<base64 of 0x01 and the key>".
struct NoteKey {
    std::string name;        // no space, no '+'
    std::string hash;        // four bytes
    std::string public_key;  // 32 bytes
    std::string to_string() const;
};
NoteKey note_key(std::string name, const SigningKey& key);  // throws std::invalid_argument unless it is Ed25519
Result<NoteKey, std::string> parse_note_key(std::string_view text);

std::string sign_note(std::string_view text, const std::string& name, const SigningKey& key);
// The text, if one of the keys signed it. A signature of a known key that does not hold refuses the note, signatures
// of unknown keys are ignored. The error says what is wrong.
Result<std::string, std::string> open_note(std::string_view note, std::span<const NoteKey> keys);

}  // namespace keyledger::security
