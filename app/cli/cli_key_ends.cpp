// Ending keys of the keyring: never while something live is named by one, and moving what is.
#include <algorithm>
#include <functional>
#include <iostream>
#include <set>

#include "app/cli/cli.hpp"
#include "app/cli/orphaned_rows.hpp"
#include "app/core/core.hpp"
#include "app/core/logging.hpp"
#include "app/core/system_ports.hpp"
#include "commands/runtime/folder.hpp"
#include "domain/base/plain_text.hpp"
#include "domain/users/user.hpp"
#include "eventstore/declarations.hpp"
#include "eventstore/postgres/keys/key_uses.hpp"
#include "eventstore/postgres/migrations/service_role.hpp"
#include "security/keys/keyring_file.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::app {
namespace {

namespace postgres = eventstore::postgres;
using postgres::ClaimRow;
using security::KeyPurpose;

constexpr std::string_view kFirstAdministrator = "first_administrator";
constexpr int kMostTold = 1'000;
constexpr int kClaimsAtOnce = 200;  // under one lock of append's
constexpr auto kPatience = std::chrono::seconds(30);

// Why the key may not end. `lasting`: not even by force, for what is lost can't be had again.
struct InUse {
    std::string sentence;
    bool lasting = false;
};
using Uses = Result<std::optional<InUse>, std::string>;

Uses none() { return std::optional<InUse>(); }
Uses in_use(bool lasting, std::string sentence) {
    InUse use{std::move(sentence), lasting};
    return std::optional<InUse>(std::move(use));
}

postgres::FindOrphanedClaims claims_by(OrphanedRows& orphans) {
    return [&orphans](const std::vector<ClaimRow>& claims) { return orphans.claims(claims); };
}
postgres::FindOrphanedKeys keys_by(OrphanedRows& orphans) {
    return [&orphans](const std::vector<eventstore::StoredSubjectKey>& keys) { return orphans.keys(keys); };
}

// What is stored and named by the key: it can't end before that is moved.
Uses uses_of_claims(const Config& config, OrphanedRows& orphans, const std::string& id, const std::string& current) {
    const auto count = postgres::claims_only_under(config.database_url, id, current, claims_by(orphans));
    if (!count) return Unexpected(count.error());
    if (*count == 0) return none();
    return in_use(true, std::to_string(*count) +
                            " claims (e-mail addresses, names of users, roles, groups and accounts) are under this key "
                            "alone: whose they are could not log in, and others could take them. Run 'keyledger keys "
                            "reclaim' first");
}

Uses uses_of_wrapping(const Config& config, OrphanedRows& orphans, const std::string& id) {
    const auto count = postgres::subject_keys_under(config.database_url, id, keys_by(orphans));
    if (!count) return Unexpected(count.error());
    if (*count > 0)
        return in_use(true, "it wraps the keys of " + std::to_string(*count) +
                                " users: all that is sealed for them would be lost. Run 'keyledger keys rewrap' first");
    const auto buried = postgres::buried_keys_under(config.database_url, id);
    if (!buried) return Unexpected(buried.error());
    if (*buried == 0) return none();
    return in_use(false, "it wraps " + std::to_string(*buried) +
                             " keys that were destroyed within the last day: 'keyledger keys undestroy' could not "
                             "bring them back any more. Wait a day, or give --force");
}

Uses uses_of_sealing(const std::string& url, Instant now, const std::string& advice) {
    const auto count = postgres::live_sessions(url, now);
    if (!count) return Unexpected(count.error());
    return in_use(
        false, "refresh tokens, cursors and snapshots are sealed by it: of " + std::to_string(*count) +
                   " live sessions those that were not refreshed since it was retired have to log in again. " + advice);
}

bool names_what_is_stored(KeyPurpose purpose) {
    return purpose == KeyPurpose::kClaims || purpose == KeyPurpose::kKeyEncryption;
}

Uses uses_of(const Config& config, OrphanedRows& orphans, const security::Keyring& keyring,
             const security::KeyDescription& key, Instant now) {
    using State = security::KeyState;
    if (key.state == State::kEnded || key.state == State::kRevoked || key.state == State::kPublished) return none();
    const std::string purpose(security::name_of(key.purpose));
    const bool is_current = key.state == State::kCurrent;
    if (is_current && names_what_is_stored(key.purpose))
        return in_use(true, "it is the current key for " + purpose + ". Run 'keyledger keys rotate " + purpose +
                                "' first, then 'keyledger keys " +
                                (key.purpose == KeyPurpose::kClaims ? "reclaim'" : "rewrap'"));
    const std::string advice = is_current ? "It is the current one: run 'keyledger keys rotate " + purpose +
                                                " --lead-seconds 600' first and wait "
                                                "until it has ended, or give --force, which makes a new one "
                                                "in its place that is used at once"
                                          : "Wait until it has ended, or give --force";
    switch (key.purpose) {
        case KeyPurpose::kClaims:
            return uses_of_claims(config, orphans, key.id, keyring.require_current(KeyPurpose::kClaims, now).id);
        case KeyPurpose::kKeyEncryption: return uses_of_wrapping(config, orphans, key.id);
        case KeyPurpose::kSealingRoot:
            // It reads the service's own tables; somebody with that role may have put other objects there than rows.
            if (auto problem = postgres::service_role_problem(config.database_url)) return Unexpected(*problem);
            return uses_of_sealing(config.database_url, now, advice);
        case KeyPurpose::kIdTokens:
            return in_use(false,
                          "ID tokens signed by it may be in use for as long as they live, and would be refused from "
                          "now on. " +
                              advice);
        case KeyPurpose::kTokenSigning:
            return in_use(false, "access tokens signed by it may be in use for as long as they live, and would be "
                                 "refused from now on. " +
                                     advice);
        case KeyPurpose::kTreeHeads:
            return in_use(
                true,
                "it may have signed where the MACs of this log's events begin: no node would start without it. Rotate "
                "it ('keyledger keys rotate tree-heads'), give auditors the new key, and keep it");
        case KeyPurpose::kEventMacs:
        case KeyPurpose::kUnknown: return none();  // refused by the keyring itself
    }
    return none();
}

// For all nodes, whatever their keyrings say; nothing for what names nothing that is stored. The error is a
// sentence.
Result<void, std::string> end_in_database(const Config& config, OrphanedRows& orphans, const security::Keyring& keyring,
                                          const security::KeyDescription& key, Instant now) {
    if (!names_what_is_stored(key.purpose) || key.state != security::KeyState::kRetired) return {};
    const std::string& url = config.owner_database_url;
    const auto used = key.purpose == KeyPurpose::kKeyEncryption
                          ? postgres::end_wrapping_key(url, key.id, keys_by(orphans))
                          : postgres::end_claims_key(url, key.id, keyring.require_current(KeyPurpose::kClaims, now).id,
                                                     claims_by(orphans));
    if (!used) return Unexpected(used.error());
    if (*used == 0) return {};
    return Unexpected("something new was made under it in this moment: run it again");
}

std::optional<security::KeyDescription> described(const security::Keyring& keyring, const std::string& id,
                                                  Instant now) {
    for (const auto& key : keyring.list(now))
        if (key.id == id) return key;
    return std::nullopt;
}

Exit fail(const std::string& sentence) {
    std::cerr << "keyledger: " << sentence << '\n';
    return Exit::kFailed;
}

// ---- reclaim
// What the owner claims now, as it is compared; nullopt: nothing of this kind.
std::optional<std::string> value_of(const std::string& kind, const commands::Fold& fold) {
    if (kind == kFirstAdministrator && commands::state_of<User>(fold).status != User::Status::kAbsent) return "first";
    for (const ClaimedName& held : eventstore::held_names(*fold.state))
        if (held.kind == kind) return held.key;
    return std::nullopt;
}

std::optional<commands::LoadStream> load_for(const std::string& kind, const Uuid& owner) {
    if (kind == kFirstAdministrator) return commands::LoadStream{owner, User::kStreamType};
    const auto* holder = eventstore::holder_of(kind);
    return holder ? std::optional(commands::LoadStream{owner, holder->stream_type}) : std::nullopt;
}

struct ReclaimResult {
    std::int64_t moved = 0;
    std::int64_t dropped = 0;  // nobody's; or, if told to, those that their owners do not have
    std::int64_t left = 0;     // their owners claim something else, or nothing, or can't be read
};

class ClaimMover {
public:
    // Under keys that have ended nothing can be computed any more: what is there, in a database from before, is
    // believed of an owner who has a name of that kind.
    ClaimMover(const Config& config, Core& core, std::string current, UnheldClaims unheld,
               std::vector<std::string> ended)
        : config_(config),
          core_(core),
          current_(std::move(current)),
          unheld_(unheld),
          ended_(std::move(ended)),
          orphans_(config, core.keyring->snapshot()) {}

    // First all that can be moved is; then what is left is told of.
    Result<ReclaimResult, std::string> run() {
        const auto moved = over_all([this](const std::vector<ClaimRow>& page) { return move(page); });
        if (!moved) return Unexpected(moved.error());
        const auto left = over_all([this](const std::vector<ClaimRow>& page) { return clear(page); });
        if (!left) return Unexpected(left.error());
        return all_;
    }

private:
    using Step = std::function<Result<void, std::string>(const std::vector<ClaimRow>&)>;
    Result<void, std::string> over_all(const Step& step) {
        ClaimRow after;
        for (;;) {
            const auto page = postgres::claims_to_move(config_.owner_database_url, current_, after, kClaimsAtOnce);
            if (!page) return Unexpected(page.error());
            if (page->empty()) return {};
            const auto done = step(*page);
            if (!done) return done;
            after = page->back();
            std::cerr << "keys reclaim: " << all_.moved << " claims\n";
        }
    }
    Result<void, std::string> move(const std::vector<ClaimRow>& page) {
        const auto judged = judge(page);
        if (!judged) return Unexpected(judged.error());
        std::vector<postgres::MovedClaim> moves;
        for (const ClaimVerdict& one : *judged)
            if (one.move) moves.push_back(*one.move);
        const auto moved = postgres::move_claims(config_.owner_database_url, current_, moves);
        if (!moved) return Unexpected(moved.error());
        all_.moved += *moved;
        return {};
    }
    Result<void, std::string> clear(const std::vector<ClaimRow>& page) {
        std::vector<ClaimRow> away = orphans_.claims(page);
        for (const ClaimRow& claim : away)
            tell(claim, "nobody's: no event that the service wrote knows of its owner", true);
        const std::set<Uuid> unknown = owners_of(away);
        const auto judged = judge(page);
        if (!judged) return Unexpected(judged.error());
        for (std::size_t i = 0; i < page.size(); ++i) {
            if (unknown.contains(page[i].owner)) continue;
            const bool goes = unheld_ == UnheldClaims::kDrop && !(*judged)[i].move;
            tell(page[i], (*judged)[i].why, goes);
            if (goes) away.push_back(page[i]);
            else ++all_.left;
        }
        const auto dropped = postgres::drop_claims(config_.owner_database_url, away);
        if (!dropped) return Unexpected(dropped.error());
        all_.dropped += *dropped;
        return {};
    }
    static std::set<Uuid> owners_of(const std::vector<ClaimRow>& claims) {
        std::set<Uuid> owners;
        for (const ClaimRow& claim : claims) owners.insert(claim.owner);
        return owners;
    }
    // One by one, as far as a person reads on.
    void tell(const ClaimRow& claim, const std::string& what, bool goes) {
        if (++told_ > kMostTold) return;
        (goes ? std::cout : std::cerr) << "Claim (" << as_plain_text(claim.kind) << ", key "
                                       << as_plain_text(claim.key_id) << ", digest "
                                       << security::hex_encode(claim.digest) << ") of " << claim.owner.to_string()
                                       << ": " << what << (goes ? "; removed.\n" : ".\n");
    }
    struct ClaimVerdict {
        std::optional<postgres::MovedClaim> move;
        std::string why{};  // it was not moved
    };
    // Of each claim, in their order.
    Result<std::vector<ClaimVerdict>, std::string> judge(const std::vector<ClaimRow>& page) {
        std::vector<commands::LoadStream> loads;
        std::vector<std::size_t> places;
        for (std::size_t i = 0; i < page.size(); ++i) {
            auto load = load_for(page[i].kind, page[i].owner);
            if (!load) continue;
            loads.push_back(std::move(*load));
            places.push_back(i);
        }
        const auto folds = core_.run(core_.executor.folder().load(std::move(loads), commands::Freshness::kAtHead,
                                                                  std::chrono::steady_clock::now() + kPatience));
        if (!folds) return Unexpected(std::string("the database did not answer in time; run it again"));
        const ClaimVerdict unknown{std::nullopt, "of a kind that this version does not know"};
        std::vector<ClaimVerdict> judged(page.size(), unknown);
        for (std::size_t i = 0; i < places.size(); ++i) judged[places[i]] = judged_by(page[places[i]], (*folds)[i]);
        return judged;
    }

    // Only what the claim was made of, by the key that it names.
    ClaimVerdict judged_by(const ClaimRow& claim, const commands::Fold& fold) {
        const auto* user = eventstore::state_in<User>(*fold.state);
        if (user != nullptr && user->exists() && !user->email && claim.kind != kFirstAdministrator)
            return {std::nullopt,
                    "its owner's key was destroyed ('keyledger keys undestroy' brings it back within a day)"};
        const auto value = value_of(claim.kind, fold);
        if (!value) return {std::nullopt, "its owner has no name of this kind"};
        std::optional<eventstore::Bytes> now;
        bool is_of_value = std::ranges::find(ended_, claim.key_id) != ended_.end();
        for (const auto& [key_id, digest] : core_.pseudonyms.claim(claim.kind, *value)) {
            if (key_id == current_) now = digest;
            is_of_value = is_of_value || (key_id == claim.key_id && digest == claim.digest);
        }
        if (!now || !is_of_value) return {std::nullopt, "not of the name that its owner has"};
        return {postgres::MovedClaim{claim, *now}, "its owner has it; under the new key it is somebody else's"};
    }

    const Config& config_;
    Core& core_;
    const std::string current_;
    const UnheldClaims unheld_;
    const std::vector<std::string> ended_;
    OrphanedRows orphans_;
    ReclaimResult all_;
    int told_ = 0;
};

}  // namespace

Exit revoke_key(const Environment& environment, const RevokeKey& options) {
    const bool has_path = !options.path.empty();
    auto needs = std::vector{ConfigPart::kDatabase};
    if (!has_path) needs.push_back(ConfigPart::kKeyring);
    auto config = require_config(environment, needs);
    if (!config) return Exit::kUsage;
    const std::string path = has_path ? options.path : config->keyring_file;
    const Instant now = SystemClock().now();
    const auto keyring = security::Keyring::load(path);
    if (!keyring) return fail(keyring.error().message);
    const auto key = described(**keyring, options.id, now);
    if (key && !is_one_database(*config)) return Exit::kUsage;
    if (!key) return fail("keyring " + path + " has no key '" + options.id + "'; 'keyledger keys list' shows the ids");
    OrphanedRows orphans(*config, *keyring);
    const auto uses = uses_of(*config, orphans, **keyring, *key, now);
    if (!uses) return fail("what the key is used for can't be told: " + uses.error());
    if (*uses && ((*uses)->lasting || !options.force))
        return fail("key " + options.id + " was not revoked: " + (*uses)->sentence);
    if (names_what_is_stored(key->purpose)) {
        needs.push_back(ConfigPart::kOwnerDatabase);  // that it has ended is written into the database
        config = require_config(environment, needs);
        if (!config) return Exit::kUsage;
    }
    if (const auto ended = end_in_database(*config, orphans, **keyring, *key, now); !ended)
        return fail("key " + options.id + " was not revoked: " + ended.error());
    const auto revoked = security::revoke_key(path, options.id, now);
    if (!revoked) return fail(revoked.error().message);
    std::cout << "Revoked key " << options.id << ".";
    const auto after = security::Keyring::load(path);
    const auto* successor = after ? (*after)->current(key->purpose, now) : nullptr;
    if (key->state == security::KeyState::kCurrent && successor != nullptr)
        std::cout << (described(**keyring, successor->id, now) ? " Key " : " Made key ") << successor->id
                  << " takes its place, used at once.";
    std::cout << " Copy the keyring to every node and send each a SIGHUP now.\n";
    return Exit::kGood;
}

Exit reclaim_keys(const Environment& environment, UnheldClaims unheld) {
    const auto config =
        require_config(environment, {ConfigPart::kDatabase, ConfigPart::kOwnerDatabase, ConfigPart::kKeyring});
    if (!config || !is_one_database(*config)) return Exit::kUsage;
    start_logging(config->log_level);
    Core core(*config);
    return reclaim(*config, core, unheld);
}

Exit reclaim(const Config& config, Core& core, UnheldClaims unheld) {
    const Instant now = core.clock.now();
    const auto keyring = core.keyring->snapshot();
    const std::string current = keyring->require_current(KeyPurpose::kClaims, now).id;
    const auto ended = revoked_claims_keys(*keyring, now);
    const auto done = ClaimMover(config, core, current, unheld, ended).run();
    if (!done) return fail(done.error());
    std::cout << "Wrote " << done->moved << " claim(s) under " << current << ".\n";
    if (!ended.empty()) {
        const auto gone = postgres::drop_claims_of(config.owner_database_url, ended);
        if (!gone) return fail(gone.error());
        std::cout << "Removed " << *gone << " claim(s) of keys that have ended.\n";
    }
    if (done->dropped > 0) std::cout << "Removed " << done->dropped << " claim(s) that nobody has.\n";
    if (done->left == 0) return Exit::kGood;
    std::cerr << "keyledger: " << done->left
              << " claim(s) were left: their owners claim something else by now, or can't "
              << "be read. Run it again, with the newest keyring; what stays, 'keyledger audit verify "
                 "--claims' looks into, "
                 "and '--drop-unheld' removes what its owner does not have\n";
    return Exit::kFoundBad;
}

}  // namespace keyledger::app
