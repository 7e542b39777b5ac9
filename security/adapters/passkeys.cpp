#include "security/adapters/passkeys.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "security/keys/sealed_value.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/random.hpp"
#include "security/webauthn/ceremonies.hpp"

namespace keyledger::security {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kMaxHandleBytes = 1024;

PasskeyBackup backup_of(bool is_eligible, bool is_backed_up) {
    if (!is_eligible) return PasskeyBackup::kImpossible;
    return is_backed_up ? PasskeyBackup::kDone : PasskeyBackup::kPossible;
}

// Bytes of what was sent; of what is not base64url nothing is good any more.
class Decoded {
public:
    std::string operator()(std::string_view text) {
        auto bytes = base64url_decode(text);
        good_ = good_ && bytes;
        return bytes ? std::move(*bytes) : std::string();
    }
    bool is_good() const { return good_; }

private:
    bool good_ = true;
};
constexpr const char* kNotBase64 = "it is not base64url";

// As pointers, for what co_spawn hands back must be made of nothing first.
using New = Result<commands::NewPasskey, std::string>;
asio::awaitable<std::shared_ptr<const New>> judge_new_here(commands::MadePasskey made, ExpectedCeremony expected) {
    Decoded decoded;
    const std::string client_data = decoded(made.client_data_json);
    const std::string object = decoded(made.attestation_object);
    expected.challenge = decoded(expected.challenge);
    if (!decoded.is_good()) co_return std::make_shared<const New>(Unexpected(std::string(kNotBase64)));
    const PresentedRegistration presented{client_data, object};
    const auto judged = verify_registration(presented, expected);
    if (!judged) co_return std::make_shared<const New>(Unexpected(std::string(sentence_of(judged.error()))));
    commands::NewPasskey passkey{base64url_encode(judged->id), judged->public_key, judged->counter,
                                 backup_of(judged->backup_eligible, judged->backed_up)};
    co_return std::make_shared<const New>(std::move(passkey));
}

using Proven = Result<commands::ProvenPasskey, std::string>;
asio::awaitable<std::shared_ptr<const Proven>> judge_answer_here(const commands::PasskeyAnswer& answer,
                                                                 KnownCredential known, ExpectedCeremony expected) {
    Decoded decoded;
    const std::string client_data = decoded(answer.client_data_json);
    const std::string data = decoded(answer.authenticator_data);
    const std::string signature = decoded(answer.signature);
    expected.challenge = decoded(expected.challenge);
    if (!decoded.is_good()) co_return std::make_shared<const Proven>(Unexpected(std::string(kNotBase64)));
    const PresentedAssertion presented{client_data, data, signature};
    const auto judged = verify_assertion(presented, known, expected);
    if (!judged) co_return std::make_shared<const Proven>(Unexpected(std::string(sentence_of(judged.error()))));
    const commands::ProvenPasskey proven{judged->counter, backup_of(known.backup_eligible, judged->backed_up)};
    co_return std::make_shared<const Proven>(proven);
}

std::optional<commands::PasskeyPurpose> purpose_named(std::string_view wanted) {
    std::optional<commands::PasskeyPurpose> found;
    for (const auto& [purpose, name] : enum_names(commands::PasskeyPurpose{}))
        if (name == wanted) found = purpose;
    return found;
}

}  // namespace

asio::awaitable<New> JudgedPasskeys::judge_new(commands::MadePasskey made, std::string challenge) {
    const ExpectedCeremony expected{std::move(challenge), relying_party_, UserVerification::kRequired};
    auto judging = judge_new_here(std::move(made), expected);
    const auto judged = co_await asio::co_spawn(processors_, std::move(judging), asio::use_awaitable);
    co_return *judged;
}

asio::awaitable<Proven> JudgedPasskeys::judge_answer(const commands::PasskeyAnswer& answer, std::string public_key,
                                                     PasskeyBackup backup, std::string challenge) {
    const ExpectedCeremony expected{std::move(challenge), relying_party_, UserVerification::kRequired};
    const KnownCredential known{public_key, backup != PasskeyBackup::kImpossible};
    auto judging = judge_answer_here(answer, known, expected);
    const auto judged = co_await asio::co_spawn(processors_, std::move(judging), asio::use_awaitable);
    co_return *judged;
}

std::string KeyringPasskeyChallenges::random(std::size_t bytes) { return base64url_encode(random_bytes(bytes)); }

std::string KeyringPasskeyChallenges::seal(const commands::PasskeyChallenge& challenge) {
    const std::string clear =
        length_prefixed({stored_name(challenge.purpose), challenge.challenge, view_of(challenge.user_id.uuid),
                         challenge.user_handle, challenge.proved_factor ? "1" : "0", challenge.asker,
                         std::to_string(challenge.made_at.ms()), std::to_string(challenge.expires_at.ms())});
    return seal_value(*keyring_.snapshot(), SealedPurpose::kPasskeyChallenge, log_id_, clear, clock_.now());
}

std::optional<commands::PasskeyChallenge> KeyringPasskeyChallenges::open(const Secret& handle) {
    if (handle.size() > kMaxHandleBytes) return std::nullopt;
    const auto opened_now = [&] {
        return open_value(*keyring_.snapshot(), SealedPurpose::kPasskeyChallenge, log_id_, handle.reveal(),
                          clock_.now());
    };
    auto opened = opened_now();
    if (!opened && opened.error() == SealedValueError::kUnknownKey &&
        is_here_now(locate_key_, key_named_by_sealed_value(SealedPurpose::kPasskeyChallenge, handle.reveal())))
        opened = opened_now();
    if (!opened) return std::nullopt;
    PartsReader parts(*opened);
    const auto purpose = purpose_named(parts.part());
    commands::PasskeyChallenge challenge;
    challenge.challenge = parts.part();
    challenge.user_id = UserId(parts.uuid());
    challenge.user_handle = parts.part();
    challenge.proved_factor = parts.part() == "1";
    challenge.asker = parts.part();
    challenge.made_at = Instant::at_ms(parts.number());
    challenge.expires_at = Instant::at_ms(parts.number());
    if (!purpose || !parts.is_at_end()) return std::nullopt;
    challenge.purpose = *purpose;
    return challenge;
}

}  // namespace keyledger::security
