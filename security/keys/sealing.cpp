#include "security/keys/sealing.hpp"

#include <algorithm>
#include <stdexcept>

#include "security/primitives/aead.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "security/primitives/random.hpp"

namespace keyledger::security {
namespace {

constexpr std::string_view kForm = "s2.";
constexpr std::string_view kFirstForm = "s1.";
constexpr std::size_t kShortUuidSize = 22;
constexpr std::size_t kUuidTextSize = 36;
constexpr std::size_t kSealedAt = kForm.size() + kShortUuidSize + 1;
constexpr std::size_t kFirstSealedAt = kFirstForm.size() + 2 * (kUuidTextSize + 1);
// As long as base64url makes the largest sealed value.
constexpr std::size_t kMaxSealedSize = ((kMaxSealedClearSize + kAeadOverhead) * 4 + 2) / 3;

const Secret& material_of(const Key& key, KeyPurpose purpose) {
    if (key.purpose != purpose)
        throw std::invalid_argument("key " + key.id + " is not for " + std::string(name_of(purpose)));
    if (key.material.empty()) throw MissingKey("key " + key.id + " is revoked");
    return key.material;
}

void check_size(std::size_t size) {
    if (size > kMaxSealedClearSize) throw std::length_error("a value to be sealed is above 64 KiB");
}

std::string bound_to(const Key& kek, const SubjectKeyContext& context) {
    return length_prefixed({"subject-key", context.tenant, view_of(context.subject), view_of(context.key_id), kek.id});
}

// A text of one form is none of the other.
std::string bound_to(const FieldContext& context, std::string_view purpose) {
    return length_prefixed({purpose, context.tenant, view_of(context.event_id), context.field, view_of(context.subject),
                            view_of(context.key_id)});
}
constexpr std::string_view kPurpose = "field.2", kFirstPurpose = "field";

// What both forms say, and where the sealed bytes begin.
struct SealedTextParts {
    SealedName name;
    std::string_view sealed;
    std::string_view purpose;
};

std::optional<SealedTextParts> parse_first_form(std::string_view text) {
    if (text.size() <= kFirstSealedAt) return std::nullopt;
    const std::size_t key_at = kFirstForm.size() + kUuidTextSize + 1;
    if (text[key_at - 1] != '.' || text[kFirstSealedAt - 1] != '.') return std::nullopt;
    const auto subject = Uuid::parse(text.substr(kFirstForm.size(), kUuidTextSize));
    const auto key_id = Uuid::parse(text.substr(key_at, kUuidTextSize));
    if (!subject || !key_id) return std::nullopt;
    return SealedTextParts{{*subject, *key_id}, text.substr(kFirstSealedAt), kFirstPurpose};
}

std::optional<SealedTextParts> parse(std::string_view text) {
    if (text.size() > kFirstSealedAt + kMaxSealedSize) return std::nullopt;
    if (text.starts_with(kFirstForm)) return parse_first_form(text);
    if (text.size() <= kSealedAt || !text.starts_with(kForm) || text[kSealedAt - 1] != '.') return std::nullopt;
    const auto bytes = base64url_decode(text.substr(kForm.size(), kShortUuidSize));
    Uuid subject;
    if (!bytes || bytes->size() != subject.bytes.size()) return std::nullopt;
    std::copy_n(bytes->begin(), subject.bytes.size(), subject.bytes.begin());
    return SealedTextParts{{subject, std::nullopt}, text.substr(kSealedAt), kPurpose};
}

std::string bound_to(const CredentialContext& context) {
    return length_prefixed(
        {"credential", context.tenant, view_of(context.owner), context.kind, view_of(context.credential_id)});
}

std::string bound_to(const PersonalSnapshotContext& context) {
    return length_prefixed({"personal-snapshot", view_of(context.subject), view_of(context.key_id), context.place});
}

}  // namespace

SubjectKey new_subject_key(Instant now) { return {uuid_v7(now), random_secret(kAeadKeySize)}; }

std::string wrap_subject_key(const Key& kek, const SubjectKeyContext& context, const Secret& subject_key) {
    if (subject_key.size() != kAeadKeySize) throw std::invalid_argument("a subject key must have 32 bytes");
    return aead_seal(material_of(kek, KeyPurpose::kKeyEncryption), bound_to(kek, context), subject_key.reveal());
}

std::optional<Secret> unwrap_subject_key(const Key& kek, const SubjectKeyContext& context, std::string_view wrapped) {
    if (wrapped.size() != kAeadKeySize + kAeadOverhead) return std::nullopt;
    auto key = aead_open(material_of(kek, KeyPurpose::kKeyEncryption), bound_to(kek, context), wrapped);
    if (!key) return std::nullopt;
    return Secret::take(std::move(*key));
}

std::string seal_field(const Secret& subject_key, const FieldContext& context, std::string_view clear) {
    check_size(clear.size());
    std::string text(kForm);
    text += base64url_encode(view_of(context.subject));
    text += '.';
    text += base64url_encode(aead_seal(subject_key, bound_to(context, kPurpose), clear));
    return text;
}

std::optional<SealedName> parse_sealed(std::string_view text) {
    const auto parsed = parse(text);
    if (!parsed) return std::nullopt;
    return parsed->name;
}

std::optional<std::string> open_field(const Secret& subject_key, const FieldContext& context, std::string_view text) {
    const auto parsed = parse(text);
    if (!parsed || parsed->name.subject != context.subject) return std::nullopt;
    if (parsed->name.key_id && *parsed->name.key_id != context.key_id) return std::nullopt;
    const auto sealed = base64url_decode(parsed->sealed);
    if (!sealed) return std::nullopt;
    return aead_open(subject_key, bound_to(context, parsed->purpose), *sealed);
}

std::string seal_credential(const Secret& subject_key, const CredentialContext& context, const Secret& clear) {
    check_size(clear.size());
    return aead_seal(subject_key, bound_to(context), clear.reveal());
}

std::optional<Secret> open_credential(const Secret& subject_key, const CredentialContext& context,
                                      std::string_view sealed) {
    auto clear = aead_open(subject_key, bound_to(context), sealed);
    if (!clear) return std::nullopt;
    return Secret::take(std::move(*clear));
}

std::string seal_personal_snapshot(const Secret& subject_key, const PersonalSnapshotContext& context,
                                   std::string_view clear) {
    check_size(clear.size());
    return aead_seal(subject_key, bound_to(context), clear);
}

std::optional<std::string> open_personal_snapshot(const Secret& subject_key, const PersonalSnapshotContext& context,
                                                  std::string_view sealed) {
    return aead_open(subject_key, bound_to(context), sealed);
}

std::string claim_digest(const Key& key, std::string_view tenant, std::string_view kind, std::string_view value) {
    const Secret& material = material_of(key, KeyPurpose::kClaims);
    Digest digest = hmac_sha256(material.reveal(), {length_prefixed({"claim", tenant, kind, value})});
    return std::string(view_of(digest));
}

}  // namespace keyledger::security
