#include "reactors/challenge_mail.hpp"

#include <algorithm>

#include "domain/users/identity.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "mail/kinds.hpp"
#include "reactors/asked_address.hpp"

namespace keyledger::reactors {
namespace {

using eventstore::StoreError;
using mail::Kind;

// What is sent for a purpose: with a code, with a link to a page of ours, or both.
struct Telling {
    ChallengePurpose purpose;
    Kind kind;
    bool has_code;
    std::string_view page;  // behind the base of links; empty: no link
};
constexpr Telling kTellings[] = {
    {ChallengePurpose::kResetPassword, Kind::kPasswordReset, true, "/account/reset-password"},
    {ChallengePurpose::kLogInByLink, Kind::kMagicLink, false, "/account/log-in"},
    {ChallengePurpose::kLogInByCode, Kind::kLogInCode, true, ""},
    {ChallengePurpose::kUnlock, Kind::kUnlock, false, "/account/unlock"},
    {ChallengePurpose::kInvite, Kind::kInvitation, false, "/account/invitation"},
    {ChallengePurpose::kVerifyEmail, Kind::kConfirmAddress, false, "/account/confirm-address"},
};
const Telling* telling_of(ChallengePurpose purpose) {
    const auto* at = std::ranges::find(kTellings, purpose, &Telling::purpose);
    return at == std::end(kTellings) ? nullptr : at;
}

const ChallengeAsked* asked_in(const eventstore::AnyEvent& event) {
    const auto* of_challenge = eventstore::event_in<Challenge>(event);
    return of_challenge == nullptr ? nullptr : std::get_if<ChallengeAsked>(of_challenge);
}

std::optional<std::string> key_of_address(const std::optional<std::string>& address) {
    const auto email = address ? parse_email(*address) : std::nullopt;
    if (!email) return std::nullopt;
    return email->key;
}

}  // namespace

struct ChallengeMail::Ask {
    eventstore::RecordedEvent recorded;
    ChallengeAsked asked;
    Instant at;
    const Telling* telling = nullptr;
    ChallengeId id() const { return ChallengeId{recorded.stream_id}; }
};

struct ChallengeMail::Reader {
    UserId user_id;
    User user;  // as of the ask
    commands::AddressDigests address;
};

std::vector<PlannedJob> ChallengeMail::plan(const SealedEvent& event) const {
    const auto* asked = asked_in(*event.event);
    if (asked == nullptr || telling_of(asked->purpose) == nullptr) return {};
    return {{std::string(kKind), event.recorded->stream_id}};
}

// nullopt: no event asks for such a job. Whoever has the service's role can write rows that no event has caused.
ChallengeMail::Read<std::optional<ChallengeMail::Ask>> ChallengeMail::read_ask(const Job& job, Deadline deadline) {
    KEYLEDGER_CO_TRY(events, co_await ports_.store.read_log(job.id.position, 1, deadline));
    if (events->empty()) co_return Unexpected(StoreError::kUnavailable);
    eventstore::RecordedEvent& recorded = events->front();
    if (recorded.is_inert() || recorded.stream_id != job.subject || job.id.ordinal != 0) co_return std::nullopt;
    eventstore::NullFieldOpener nothing;
    const auto event = eventstore::decode_any(recorded, nothing);
    const auto* asked = asked_in(*event);
    if (asked == nullptr || telling_of(asked->purpose) == nullptr) co_return std::nullopt;
    const Instant at = eventstore::decode_metadata(recorded, nothing).occurred_at;
    co_return Ask{std::move(recorded), *asked, at, telling_of(asked->purpose)};
}

// Who has the address, as of the ask. The claim only finds them, the fold decides.
ChallengeMail::Read<std::optional<ChallengeMail::Reader>> ChallengeMail::reader_of(const Ask& ask, Position position,
                                                                                   Deadline deadline) {
    KEYLEDGER_CO_TRY(address,
                     co_await open_asked_address(ports_.keys, ports_.cipher, ask.recorded, ask.asked, deadline));
    const auto key = key_of_address(*address);
    if (!key) co_return std::nullopt;
    Reader reader;
    reader.address = commands::digests_of_address(ports_.pseudonyms, *key);
    KEYLEDGER_CO_TRY(owner, co_await ports_.store.find_claim("email", reader.address, deadline));
    if (!owner->has_value()) co_return std::nullopt;
    reader.user_id = UserId{owner->value()};
    const commands::LoadStream stream{reader.user_id, User::kStreamType};
    KEYLEDGER_CO_TRY(fold, co_await ports_.folder.load_as_of(stream, position, deadline));
    reader.user = commands::state_of<User>(*fold);
    const bool is_theirs = reader.user.status == User::Status::kActive && key_of_address(reader.user.email) == key;
    if (!is_theirs) co_return std::nullopt;
    co_return reader;
}

ChallengeMail::Read<bool> ChallengeMail::is_still_wanted(const Ask& ask, Deadline deadline) {
    if (ports_.clock.now() >= ask.asked.expires_at) co_return false;
    std::vector<commands::LoadStream> streams{{ask.id(), Challenge::kStreamType}};
    KEYLEDGER_CO_TRY(folds, co_await ports_.folder.load(std::move(streams), commands::Freshness::kAtHead, deadline));
    co_return commands::state_of<Challenge>(folds->front()).is_open();
}

mail::Mail ChallengeMail::letter(const Ask& ask, const Reader& reader, std::string id) const {
    const std::string digest = commands::address_digest(reader.address);
    mail::Mail letter;
    letter.kind = ask.telling->kind;
    letter.id = std::move(id);
    letter.date = ask.at;
    letter.address = *reader.user.email;  // as they have it, not as it was typed by whoever asked
    // Whoever reads there has not said that the account is theirs: then its name is not for them.
    if (reader.user.email_proof == User::EmailProof::kVerified) letter.name = reader.user.name.value_or("");
    if (reader.user.locale) letter.languages.push_back(*reader.user.locale);
    if (ask.asked.language) letter.languages.push_back(*ask.asked.language);
    letter.facts.at = ask.at;
    letter.facts.due = ask.asked.expires_at;
    letter.facts.minutes = static_cast<int>(life_of(ask.asked.purpose) / minutes(1));
    if (ask.telling->has_code) {
        const commands::CodeSource source{ask.asked.purpose,          ask.asked.key_id, reader.user_id,
                                          reader.user.security_stamp, ask.id(),         digest};
        letter.facts.code = ports_.secrets.code(source).value_or("");
    }
    if (!ask.telling->page.empty()) {
        const commands::MailLink link{
            ask.asked.purpose,   ask.id(), Uuid{}, reader.user_id, reader.user.security_stamp, digest,
            ask.asked.expires_at};
        letter.facts.link = links_.to(ask.telling->page, link);
    }
    return letter;
}

asio::awaitable<Performed> ChallengeMail::perform(Job job, Deadline deadline) {
    const auto ask = co_await read_ask(job, deadline);
    if (!ask) co_return Again{"log-unavailable"};
    if (!ask->has_value()) co_return Again{"not-planned"};
    const auto wanted = co_await is_still_wanted(**ask, deadline);
    if (!wanted) co_return Again{"log-unavailable"};
    if (!*wanted) co_return Done{};
    const auto reader = co_await reader_of(**ask, job.id.position, deadline);
    if (!reader) co_return Again{"log-unavailable"};
    if (!reader->has_value()) co_return Done{};
    auto mail = letter(**ask, **reader, message_id((*ask)->recorded.event_id, job.id));
    auto performed = co_await ports_.out.send(job, std::move(mail), deadline);
    co_return performed;
}

}  // namespace keyledger::reactors
