#include "reactors/address_mail.hpp"

#include "commands/registrations/registration_secrets.hpp"
#include "domain/users/identity.hpp"
#include "domain/users/user.hpp"
#include "eventstore/codec/events_codec.hpp"

namespace keyledger::reactors {
namespace {

using eventstore::StoreError;

constexpr std::string_view kRegistration = "registration";  // a job about one

bool asks_for_mail(const eventstore::AnyEvent& event) {
    const auto* one = eventstore::event_in<Registration>(event);
    return one != nullptr &&
           (std::holds_alternative<RegistrationBegun>(*one) || std::holds_alternative<RegistrationMailAsked>(*one));
}

bool is_address(const std::optional<std::string>& address, const std::string& key) {
    const auto parsed = address ? parse_email(*address) : std::nullopt;
    return parsed && parsed->key == key;
}

}  // namespace

std::vector<PlannedJob> AddressMail::plan(const DecodedEvent& event) const {
    if (!asks_for_mail(*event.event)) return {};
    return {{std::string(kRegistration), event.recorded->stream_id}};
}

bool AddressMail::performs(std::string_view kind) const { return kind == kRegistration; }

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
        letter->facts.link =
            link_of("/account/verify-email", commands::registration_link(registration_id, registration, digests));
        return letter;
    };
    auto letter = co_await letter_to(*registration.email, wanted, deadline);
    co_return letter;
}

std::string AddressMail::link_of(std::string_view page, const commands::MailLink& link) const {
    return link_base_ + std::string(page) + "?token=" + ports_.secrets.seal(link);
}

asio::awaitable<Performed> AddressMail::perform(Job job, Deadline deadline) {
    const auto events = co_await ports_.store.read_log(job.id.position, 1, deadline);
    if (!events || events->empty()) co_return Again{"log-unavailable"};
    const eventstore::RecordedEvent& recorded = events->front();
    if (recorded.is_inert() || recorded.stream_id != job.subject) co_return Again{"not-planned"};
    eventstore::NullFieldOpener nothing;
    // Whoever has the service's role can write rows that no event has caused.
    if (job.id.ordinal != 0 || !asks_for_mail(*eventstore::decode_any(recorded, nothing)))
        co_return Again{"not-planned"};
    auto letter = co_await registration_letter(job, deadline);
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
