#include "reactors/address_mail.hpp"

#include "commands/accounts/undo.hpp"
#include "commands/registrations/registration_secrets.hpp"
#include "domain/challenges/challenge.hpp"
#include "domain/users/identity.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "reactors/asked_address.hpp"

namespace keyledger::reactors {
namespace {

using eventstore::StoreError;

// ---- jobs ------------------------------------------------------------------------------------------------------
constexpr std::string_view kRegistration = "registration";     // about a registration
constexpr std::string_view kChange = "email-change";           // about a challenge
constexpr std::string_view kFormerAddress = "former-address";  // about a user
constexpr std::string_view kNewAddress = "new-address";
constexpr std::string_view kKinds[] = {kRegistration, kChange, kFormerAddress, kNewAddress};

std::vector<std::string_view> kinds_of(const eventstore::AnyEvent& event) {
    if (const auto* one = eventstore::event_in<Registration>(event)) {
        const bool asks = std::holds_alternative<RegistrationBegun>(*one) ||
                          std::holds_alternative<RegistrationBegunByProvider>(*one) ||
                          std::holds_alternative<RegistrationMailAsked>(*one);
        if (asks) return {kRegistration};
    } else if (const auto* of_challenge = eventstore::event_in<Challenge>(event)) {
        const auto* asked = std::get_if<ChallengeAsked>(of_challenge);
        if (asked && asked->purpose == ChallengePurpose::kChangeEmail) return {kChange};
    } else if (const auto* of_user = eventstore::event_in<User>(event)) {
        if (std::holds_alternative<UserEmailChanged>(*of_user)) return {kFormerAddress, kNewAddress};
    }
    return {};
}

bool is_address(const std::optional<std::string>& address, const std::string& key) {
    const auto parsed = address ? parse_email(*address) : std::nullopt;
    return parsed && parsed->key == key;
}

}  // namespace

std::vector<PlannedJob> AddressMail::plan(const SealedEvent& event) const {
    std::vector<PlannedJob> jobs;
    for (const std::string_view kind : kinds_of(*event.event))
        jobs.push_back({std::string(kind), event.recorded->stream_id});
    return jobs;
}

bool AddressMail::performs(std::string_view kind) const {
    return std::find(std::begin(kKinds), std::end(kKinds), kind) != std::end(kKinds);
}

// Who has the address: as they gave it, and what they read. An empty address: nobody has it.
struct AddressMail::Owner {
    std::string address;
    std::optional<std::string> locale;
};

// The claim only finds them, the fold decides.
AddressMail::Read<AddressMail::Owner> AddressMail::owner_of(std::string key, commands::AddressDigests digests,
                                                            Deadline deadline) {
    KEYLEDGER_CO_TRY(claimed, co_await ports_.store.find_claim("email", std::move(digests), deadline));
    if (!claimed->has_value()) co_return Owner{};
    std::vector<commands::LoadStream> streams;
    streams.push_back({**claimed, User::kStreamType});
    KEYLEDGER_CO_TRY(folds, co_await ports_.folder.load(streams, commands::Freshness::kAtHead, deadline));
    const User& user = commands::state_of<User>(folds->front());
    Owner owner;
    if (is_address(user.email, key)) owner.address = *user.email;
    else if (is_address(user.former_email, key)) owner.address = *user.former_email;
    owner.locale = user.locale;
    co_return owner;
}

AddressMail::Read<AddressMail::Letter> AddressMail::letter_to(
    std::string address, std::function<Letter(const commands::AddressDigests&)> wanted, Deadline deadline) {
    Letter letter;
    const auto email = parse_email(address);
    if (!email) co_return letter;
    const auto digests = commands::digests_of_address(ports_.pseudonyms, email->key);
    KEYLEDGER_CO_TRY(owner, co_await owner_of(email->key, digests, deadline));
    if (owner->address.empty()) {
        letter = wanted(digests);
        if (!letter) co_return Unexpected(StoreError::kUnavailable);  // a key is not here: another node may have it
        letter->kind = mail::Kind::kVerificationCode;
        letter->address = email->text;  // and no name: whoever asks chose it, and perhaps not who reads this
        co_return letter;
    }
    letter.emplace();
    letter->kind = mail::Kind::kAddressInUse;
    letter->address = owner->address;
    if (owner->locale) letter->languages.push_back(*owner->locale);
    co_return letter;
}

AddressMail::Read<AddressMail::Letter> AddressMail::registration_letter(Job job, Deadline deadline) {
    const RegistrationId registration_id{job.subject};
    const commands::LoadStream stream{registration_id, Registration::kStreamType};
    KEYLEDGER_CO_TRY(fold, co_await ports_.folder.load_as_of(stream, job.id.position, deadline));
    const Registration& registration = commands::state_of<Registration>(*fold);
    if (!registration.email) co_return Letter();  // completed or erased meanwhile
    const auto wanted = [&](const commands::AddressDigests& digests) {
        Letter letter;
        const auto code = ports_.secrets.code(commands::code_source(registration_id, registration, digests));
        if (!code) return letter;
        letter.emplace();
        if (registration.locale) letter->languages.push_back(*registration.locale);
        letter->facts.code = *code;
        letter->facts.minutes = static_cast<int>(kRegistrationCodeLife / minutes(1));
        // The page behind the link asks for the password that was registered.
        if (registration.has_password())
            letter->facts.link =
                links_.to("/account/verify-email", commands::registration_link(registration_id, registration, digests));
        return letter;
    };
    auto letter = co_await letter_to(*registration.email, wanted, deadline);
    co_return letter;
}

AddressMail::Read<User> AddressMail::user_as_of(UserId user_id, Position position, Deadline deadline) {
    const commands::LoadStream stream{user_id, User::kStreamType};
    KEYLEDGER_CO_TRY(fold, co_await ports_.folder.load_as_of(stream, position, deadline));
    co_return commands::state_of<User>(*fold);
}

AddressMail::Read<AddressMail::Letter> AddressMail::change_letter(Job job, const eventstore::RecordedEvent& recorded,
                                                                  Deadline deadline) {
    eventstore::NullFieldOpener nothing;
    const auto event = eventstore::decode_any(recorded, nothing);
    const auto challenge = std::get<ChallengeAsked>(*eventstore::event_in<Challenge>(*event));
    if (!challenge.subject || ports_.clock.now() >= challenge.expires_at) co_return Letter();
    KEYLEDGER_CO_TRY(address, co_await open_asked_address(ports_.keys, ports_.cipher, recorded, challenge, deadline));
    const UserId user_id{*challenge.subject};
    KEYLEDGER_CO_TRY(user, co_await user_as_of(user_id, job.id.position, deadline));
    if (!address->has_value() || !user->exists()) co_return Letter();
    const ChallengeId challenge_id{job.subject};
    const auto wanted = [&](const commands::AddressDigests& digests) {
        Letter letter;
        const std::string digest = commands::address_digest(digests);
        const commands::CodeSource source{challenge.purpose,    challenge.key_id, user_id,
                                          user->security_stamp, challenge_id,     digest};
        const auto code = ports_.secrets.code(source);
        if (!code) return letter;
        letter.emplace();
        if (user->locale) letter->languages.push_back(*user->locale);
        if (challenge.language) letter->languages.push_back(*challenge.language);
        letter->facts.code = *code;
        letter->facts.minutes = static_cast<int>(life_of(challenge.purpose) / minutes(1));
        return letter;
    };
    auto letter = co_await letter_to(**address, wanted, deadline);
    co_return letter;
}

AddressMail::Read<AddressMail::Letter> AddressMail::changed_letter(Job job, Deadline deadline) {
    const UserId user_id{job.subject};
    KEYLEDGER_CO_TRY(user, co_await user_as_of(user_id, job.id.position, deadline));
    const bool to_former = job.kind == kFormerAddress;
    const auto& address = to_former ? user->former_email : user->email;
    if (!address) co_return Letter();  // erased meanwhile
    // Nobody proved it: it may be a stranger's, by a slip of a finger.
    if (to_former && user->former_email_proof != User::EmailProof::kVerified) co_return Letter();
    mail::Mail letter;
    letter.kind = to_former ? mail::Kind::kAddressChangedOld : mail::Kind::kAddressChangedNew;
    letter.address = *address;
    letter.name = user->name.value_or("");
    if (user->locale) letter.languages.push_back(*user->locale);
    if (to_former) {
        letter.facts.address = user->email.value_or("");
        const auto link = commands::undo_link(user_id, *user);
        const bool can_be_undone = link && ports_.clock.now() < link->expires_at;
        if (can_be_undone) letter.facts.link = links_.to("/account/undo", *link);
    }
    co_return letter;
}

asio::awaitable<Performed> AddressMail::perform(Job job, Deadline deadline) {
    const auto events = co_await ports_.store.read_log(job.id.position, 1, deadline);
    if (!events || events->empty()) co_return Again{"log-unavailable"};
    const eventstore::RecordedEvent& recorded = events->front();
    if (recorded.is_inert() || recorded.stream_id != job.subject) co_return Again{"not-planned"};
    eventstore::NullFieldOpener nothing;
    // Whoever has the service's role can write rows that no event has caused.
    const auto kinds = kinds_of(*eventstore::decode_any(recorded, nothing));
    const bool planned = std::cmp_less(job.id.ordinal, kinds.size()) && job.id.ordinal >= 0 &&
                         kinds[static_cast<std::size_t>(job.id.ordinal)] == job.kind;
    if (!planned) co_return Again{"not-planned"};
    auto reading = job.kind == kRegistration ? registration_letter(job, deadline)
                   : job.kind == kChange     ? change_letter(job, recorded, deadline)
                                             : changed_letter(job, deadline);
    auto letter = co_await std::move(reading);
    if (!letter) co_return Again{"log-unavailable"};
    if (!letter->has_value()) co_return Done{};
    mail::Mail sent = std::move(**letter);
    sent.id = message_id(recorded.event_id, job.id);
    sent.date = eventstore::decode_metadata(recorded, nothing).occurred_at;
    sent.facts.at = sent.date;
    auto performed = co_await out_.send(job, std::move(sent), deadline);
    co_return performed;
}

}  // namespace keyledger::reactors
