// Refresh tokens and cursors: sealed values that callers give back. The keys never change, so that the corpus
// holds good ones to start from.
#include "security/keys/sealed_value.hpp"
#include "security/tokens/refresh_token.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/keys.hpp"

namespace keyledger::fuzz {
namespace {

constexpr std::size_t kMaxAudienceBytes = 200;

}  // namespace

void sealed(std::string_view text) {
    const auto& keyring = test_keys();
    if (const auto opened = security::open_refresh_token(keyring, text, kNow)) {
        const auto& root = keyring.require_current(security::KeyPurpose::kSealingRoot, kNow);
        promise(security::seal_refresh_token(root, opened->content) == text, "a token has one spelling");
    }
    const auto cursor = security::open_value(keyring, security::SealedPurpose::kCursor, "audit", text, kNow);
    if (cursor) {
        const auto other = security::open_value(keyring, security::SealedPurpose::kCursor, "users", text, kNow);
        const auto link = security::open_value(keyring, security::SealedPurpose::kMailLink, "audit", text, kNow);
        promise(!other && !link, "a value is good for one purpose and context");
    }
    // What is sealed comes back, and nothing else does: here the text is a content.
    const std::string again = security::seal_value(keyring, security::SealedPurpose::kCursor, "audit", text, kNow);
    const auto opened = security::open_value(keyring, security::SealedPurpose::kCursor, "audit", again, kNow);
    promise(opened && *opened == text, "a sealed cursor opens");
    if (text.size() > kMaxAudienceBytes) return;
    security::RefreshTokenContent content;
    content.generation = static_cast<std::int64_t>(text.size()) + 1;
    content.client_id = "client";
    content.audiences = {std::string("a").append(text)};
    const auto& root = keyring.require_current(security::KeyPurpose::kSealingRoot, kNow);
    std::string token = security::seal_refresh_token(root, content);
    const auto back = security::open_refresh_token(keyring, token, kNow);
    promise(back && back->content == content, "what is sealed comes back");
    if (text.empty()) return;
    char& changed = token[static_cast<unsigned char>(text[0]) % token.size()];
    changed = changed == 'A' ? 'B' : 'A';
    promise(!security::open_refresh_token(keyring, token, kNow), "a changed one does not open");
}

}  // namespace keyledger::fuzz
