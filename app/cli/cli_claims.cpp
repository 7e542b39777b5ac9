#include <algorithm>
#include <iostream>
#include <map>

#include "api/wire/write_json.hpp"
#include "app/cli/cli.hpp"
#include "app/cli/progress.hpp"
#include "app/core/core.hpp"
#include "app/core/logging.hpp"
#include "commands/runtime/folder.hpp"
#include "domain/base/plain_text.hpp"
#include "domain/users/user.hpp"
#include "eventstore/declarations.hpp"
#include "eventstore/postgres/store/claims.hpp"
#include "security/primitives/hex.hpp"

// Names of users, roles, groups and service accounts against the claims that keep them from being given twice. What
// differs is looked at once more before it is told, for the service may be at work meanwhile.
namespace keyledger::app {
namespace {

using commands::Fold;
using commands::LoadStream;
using eventstore::postgres::ClaimRow;
using eventstore::postgres::Claims;
using eventstore::postgres::StoredStream;

constexpr int kBatch = 200;
constexpr std::size_t kMostTold = 1'000;
constexpr std::string_view kFirstAdministrator = "first_administrator";  // taken once, and never given back

// The stream of whoever may hold a claim of this kind; nullopt: nobody knows of such a kind.
std::optional<LoadStream> owner_of(const ClaimRow& claim) {
    if (claim.kind == kFirstAdministrator) return LoadStream{claim.owner, User::kStreamType};
    const auto* holder = eventstore::holder_of(claim.kind);
    return holder ? std::optional(LoadStream{claim.owner, holder->stream_type}) : std::nullopt;
}

std::vector<std::string_view> named_streams() {
    std::vector<std::string_view> types;
    for (const auto& aggregate : eventstore::aggregates())
        if (!aggregate.name_kinds.empty()) types.push_back(aggregate.stream_type);
    return types;
}
LoadStream load_of(const StoredStream& stream) {
    return {stream.id, eventstore::aggregate_info(stream.type).stream_type};
}

// Whatever stands in the stream, none of it is believed to have made it.
bool is_nobody(const Fold& fold) { return !fold.occurred_at.is_set(); }

bool is_unreadable(const Fold& fold) {
    const auto* user = eventstore::state_in<User>(*fold.state);
    return user && user->exists() && !user->email;
}

class Comparison {
public:
    Comparison(Core& core, const std::string& url) : core_(core), claims_(url) {}

    struct Fault {
        std::string kind;
        Uuid owner;
        std::string what;
    };
    struct Outcome {
        std::int64_t claims = 0;
        std::int64_t names = 0;
        std::int64_t unreadable = 0;  // users whose key the keyring can't open: nothing can be said of them
        std::int64_t faults = 0;
        std::vector<Fault> told;  // the first of them
    };

    Outcome run() {
        look_at_claims(Progress("claims"));
        look_at_names(Progress("names"));
        return std::move(outcome_);
    }

private:
    std::vector<Fold> fold(std::vector<LoadStream> streams) {
        auto folds = core_.run(core_.executor.folder().load(std::move(streams), commands::Freshness::kAtHead,
                                                            eventstore::Deadline::max()));
        if (!folds) throw std::runtime_error("the database does not answer; check KEYLEDGER_DATABASE_URL");
        return std::move(*folds);
    }
    void tell(std::string kind, const Uuid& owner, std::string what) {
        ++outcome_.faults;
        if (outcome_.told.size() < kMostTold) outcome_.told.push_back({std::move(kind), owner, std::move(what)});
    }

    // ---- claims whose owner does not have the name -----------------------------------------------------------
    void look_at_claims(Progress progress) {
        const std::int64_t all = claims_.count();
        std::optional<ClaimRow> last;
        for (auto page = claims_.after(last, kBatch); !page.empty(); page = claims_.after(last, kBatch)) {
            for (const ClaimRow& claim : not_held(page)) recheck(claim);
            outcome_.claims += std::ssize(page);
            last = page.back();
            progress(outcome_.claims, std::max(all, outcome_.claims));
        }
    }
    std::vector<ClaimRow> not_held(const std::vector<ClaimRow>& page) {
        std::vector<ClaimRow> suspects;
        std::vector<ClaimRow> known;
        std::vector<LoadStream> streams;
        for (const ClaimRow& claim : page) {
            const auto stream = owner_of(claim);
            if (stream) {
                streams.push_back(*stream);
                known.push_back(claim);
            } else {
                suspects.push_back(claim);
            }
        }
        const std::vector<Fold> folds = fold(std::move(streams));
        for (std::size_t i = 0; i < known.size(); ++i)
            if (!is_held(known[i], folds[i])) suspects.push_back(known[i]);
        return suspects;
    }
    bool is_held(const ClaimRow& claim, const Fold& owner) {
        if (claim.kind == kFirstAdministrator) return !is_nobody(owner);
        if (is_unreadable(owner)) return true;  // told with the names
        for (const ClaimedName& name : eventstore::held_names(*owner.state)) {
            if (name.kind != claim.kind) continue;
            const auto digests = core_.pseudonyms.claim(name.kind, name.key);
            const auto is_it = [&](const eventstore::ClaimDigest& one) {
                return one.key_id == claim.key_id && one.digest == claim.digest;
            };
            if (std::ranges::any_of(digests, is_it)) return true;
        }
        return false;
    }
    void recheck(const ClaimRow& claim) {
        const auto now = claims_.of({claim.digest});
        if (std::ranges::find(now, claim) == now.end()) return;  // given back meanwhile
        const auto stream = owner_of(claim);
        if (!stream) return tell(claim.kind, claim.owner, "a claim of a kind that this version does not know");
        const Fold owner = fold(std::vector{*stream}).front();
        if (is_held(claim, owner)) return;
        if (is_nobody(owner)) return tell(claim.kind, claim.owner, "a claim whose owner is not in the log");
        if (!makes_claims(claim.key_id))
            return tell(claim.kind, claim.owner,
                        "a claim under key " + as_plain_text(claim.key_id) + ", which the keyring lacks");
        tell(claim.kind, claim.owner,
             "a claim of a name that its owner does not have, digest " + security::hex_encode(claim.digest));
    }
    bool makes_claims(const std::string& key_id) {
        const auto digests = core_.pseudonyms.claim("email", "any");
        return std::ranges::any_of(digests, [&](const auto& one) { return one.key_id == key_id; });
    }

    // ---- names without their claim ---------------------------------------------------------------------------
    void look_at_names(Progress progress) {
        const std::int64_t all = claims_.count_streams(named_streams());
        std::int64_t done = 0;
        Uuid last;
        for (auto page = next_streams(last); !page.empty(); page = next_streams(last)) {
            const ClaimComparison compared = compare_names(page);
            outcome_.names += compared.names;
            outcome_.unreadable += compared.unreadable;
            for (const StoredStream& stream : compared.suspects)
                for (Fault& fault : compare_names({stream}).faults)
                    tell(std::move(fault.kind), fault.owner, std::move(fault.what));
            done += std::ssize(page);
            last = page.back().id;
            progress(done, std::max(all, done));
        }
    }
    std::vector<StoredStream> next_streams(const Uuid& last) {
        return claims_.streams_after(last, named_streams(), kBatch);
    }

    struct ClaimComparison {
        std::int64_t names = 0;
        std::int64_t unreadable = 0;
        std::vector<Fault> faults;
        std::vector<StoredStream> suspects;  // whose they are
    };
    ClaimComparison compare_names(const std::vector<StoredStream>& page) {
        std::vector<LoadStream> streams;
        for (const StoredStream& stream : page) streams.push_back(load_of(stream));
        const std::vector<Fold> folds = fold(std::move(streams));
        std::vector<eventstore::Bytes> digests;
        for (const Fold& one : folds)
            for (const ClaimedName& name : eventstore::held_names(*one.state))
                for (auto& digest : core_.pseudonyms.claim(name.kind, name.key)) digests.push_back(digest.digest);
        std::map<std::pair<std::string, eventstore::Bytes>, Uuid> owners;
        for (const ClaimRow& claim : claims_.of(digests)) owners[{claim.kind, claim.digest}] = claim.owner;
        ClaimComparison compared;
        for (std::size_t i = 0; i < page.size(); ++i) {
            if (is_unreadable(folds[i])) ++compared.unreadable;
            const std::size_t before = compared.faults.size();
            for (const ClaimedName& name : eventstore::held_names(*folds[i].state)) {
                ++compared.names;
                std::string fault = fault_of(name, page[i].id, owners);
                if (!fault.empty()) compared.faults.push_back({std::string(name.kind), page[i].id, std::move(fault)});
            }
            if (compared.faults.size() > before) compared.suspects.push_back(page[i]);
        }
        return compared;
    }
    std::string fault_of(const ClaimedName& name, const Uuid& holder,
                         const std::map<std::pair<std::string, eventstore::Bytes>, Uuid>& owners) {
        bool is_claimed = false;
        for (const auto& digest : core_.pseudonyms.claim(name.kind, name.key)) {
            const auto at = owners.find({std::string(name.kind), digest.digest});
            if (at == owners.end()) continue;
            if (at->second != holder) return "a name that is claimed for " + at->second.to_string();
            is_claimed = true;
        }
        return is_claimed ? "" : "a name without a claim";
    }

    Core& core_;
    Claims claims_;
    Outcome outcome_;
};

void print_json(const Comparison::Outcome& outcome) {
    api::JsonText json;
    json.boolean("consistent", outcome.faults == 0)
        .number("claims", outcome.claims)
        .number("names", outcome.names)
        .number("unreadable", outcome.unreadable)
        .number("differences", outcome.faults)
        .begin_array("first");
    for (const auto& fault : outcome.told)
        json.begin_object()
            .text("kind", fault.kind)
            .text("owner", fault.owner.to_string())
            .text("what", fault.what)
            .end_object();
    json.end_array();
    std::cout << json.finish() << '\n';
}

void print_text(const Comparison::Outcome& outcome) {
    for (const auto& fault : outcome.told)
        std::cout << "BAD: " << as_plain_text(fault.kind) << " of " << fault.owner.to_string() << ": " << fault.what
                  << ".\n";
    if (outcome.faults > std::ssize(outcome.told))
        std::cout << "… and " << outcome.faults - std::ssize(outcome.told) << " more.\n";
    if (outcome.faults == 0)
        std::cout << "Good: every one of " << outcome.names << " name(s) is claimed, and every one of "
                  << outcome.claims << " claim(s) is of a name, or of the place of the first administrator.\n";
    if (outcome.unreadable > 0)
        std::cout << outcome.unreadable
                  << " user(s) can't be read with this keyring; their names were not looked at.\n";
}

}  // namespace

Exit verify_claims(const Environment& environment, Format format) {
    const auto config = require_config(environment, {ConfigPart::kDatabase, ConfigPart::kKeyring});
    if (!config) return Exit::kUsage;
    start_logging(config->log_level);
    Core core(*config);
    Comparison comparison(core, config->database_url);
    const auto outcome = comparison.run();
    core.stop();
    format == Format::kJson ? print_json(outcome) : print_text(outcome);
    return outcome.faults == 0 ? Exit::kGood : Exit::kFoundBad;
}

}  // namespace keyledger::app
