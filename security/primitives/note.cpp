#include "security/primitives/note.hpp"

#include <algorithm>

#include "security/keys/key_checks.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"
#include "security/primitives/openssl.hpp"

namespace keyledger::security {
namespace {

constexpr std::string_view kSignatureLine = "\u2014 ";
constexpr char kEd25519 = '\x01';
constexpr std::size_t kHashSize = 4;
constexpr std::size_t kPublicKeySize = 32;
constexpr std::size_t kSignatureSize = 64;

std::string base64(std::string_view bytes) {
    std::string text = base64_unpadded_encode(bytes);
    text.append((4 - text.size() % 4) % 4, '=');
    return text;
}

std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
    return base64_unpadded_decode(text);
}

std::string hash_of(std::string_view name, std::string_view public_key) {
    const char algorithm = kEd25519;
    const Digest digest = sha256({name, "\n", std::string_view(&algorithm, 1), public_key});
    return std::string(view_of(digest).substr(0, kHashSize));
}

bool is_good_name(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) { return c > ' ' && c < 127 && c != '+'; });
}

bool holds(const NoteKey& key, std::string_view text, std::string_view signature) {
    PrivateKey handle(
        ensured(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets(key.public_key), key.public_key.size()),
                "Ed25519"));
    MessageDigestContext context(ensured(EVP_MD_CTX_new(), "Ed25519"));
    ensure(EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, handle.get()) == 1, "Ed25519");
    const bool good =
        EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(text), text.size()) == 1;
    if (!good) forget_openssl_errors();
    return good;
}

}  // namespace

std::string NoteKey::to_string() const { return name + '+' + hex_encode(hash) + '+' + base64(kEd25519 + public_key); }

NoteKey note_key(std::string name, const SigningKey& key) {
    if (key.algorithm() != SigningAlgorithm::kEdDsa || !is_good_name(name))
        throw std::invalid_argument("note_key: an Ed25519 key, and a name without space and '+'");
    NoteKey made;
    made.name = std::move(name);
    for (const auto& [member, value] : key.public_members())
        if (member == "x") made.public_key = base64url_decode(value).value();
    made.hash = hash_of(made.name, made.public_key);
    return made;
}

Result<NoteKey, std::string> parse_note_key(std::string_view text) {
    const auto malformed = [] {
        return Unexpected(std::string("a verifying key looks like <name>+<8 hexadecimal digits>+<base64>"));
    };
    while (text.ends_with('\n') || text.ends_with('\r') || text.ends_with(' ')) text.remove_suffix(1);
    const std::size_t first = text.find('+');
    if (first == text.npos) return malformed();
    const std::size_t second = text.find('+', first + 1);
    if (second == text.npos) return malformed();
    NoteKey key;
    key.name = text.substr(0, first);
    const auto hash = hex_decode(text.substr(first + 1, second - first - 1));
    const auto bytes = from_base64(text.substr(second + 1));
    if (!is_good_name(key.name) || !hash || !bytes || bytes->size() != 1 + kPublicKeySize || bytes->front() != kEd25519)
        return malformed();
    key.hash = *hash;
    key.public_key = bytes->substr(1);
    if (key.hash != hash_of(key.name, key.public_key))
        return Unexpected(std::string("the verifying key's hash does not fit its name and key: a letter is wrong"));
    if (!edwards_point_fault(key.public_key).empty())
        return Unexpected(std::string("the verifying key is none that anybody could have signed with alone"));
    return key;
}

std::string sign_note(std::string_view text, const std::string& name, const SigningKey& key) {
    const NoteKey public_part = note_key(name, key);
    std::string note(text);
    note.append("\n").append(kSignatureLine).append(name).append(" ");
    note.append(base64(public_part.hash + key.sign(text))).append("\n");
    return note;
}

Result<std::string, std::string> open_note(std::string_view note, std::span<const NoteKey> keys) {
    // Signatures never hold an empty line, so the last one ends the text.
    const std::size_t split = note.rfind("\n\n");
    if (split == note.npos || !note.ends_with('\n')) return Unexpected(std::string("it is no signed note"));
    const std::string_view text = note.substr(0, split + 1);
    std::string_view lines = note.substr(split + 2);
    bool opened = false;
    for (std::size_t count = 0; !lines.empty(); ++count) {
        const std::size_t end = lines.find('\n');
        std::string_view line = lines.substr(0, end);
        lines.remove_prefix(end + 1);
        if (!line.starts_with(kSignatureLine) || count == kMaxNoteSignatures)
            return Unexpected(std::string("it is no signed note"));
        line.remove_prefix(kSignatureLine.size());
        const std::size_t space = line.find(' ');
        if (space == line.npos) return Unexpected(std::string("it is no signed note"));
        const auto bytes = from_base64(line.substr(space + 1));
        if (!bytes || bytes->size() < kHashSize + 1) return Unexpected(std::string("a signature is malformed"));
        const auto known = std::ranges::find_if(keys, [&](const NoteKey& key) {
            return key.name == line.substr(0, space) && bytes->starts_with(key.hash);
        });
        if (known == keys.end()) continue;
        if (bytes->size() != kHashSize + kSignatureSize ||
            !holds(*known, text, std::string_view(*bytes).substr(kHashSize)))
            return Unexpected("the signature of " + known->name + " does not hold: the note was changed");
        opened = true;
    }
    if (!opened) return Unexpected(std::string("no known key signed it"));
    return std::string(text);
}

}  // namespace keyledger::security
