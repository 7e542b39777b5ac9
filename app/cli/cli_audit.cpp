#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

#include "api/wire/write_json.hpp"
#include "app/cli/cli.hpp"
#include "app/cli/progress.hpp"
#include "app/core/log_reading.hpp"
#include "app/core/system_ports.hpp"
#include "app/serve/tree_heads.hpp"
#include "eventstore/audit/export_file.hpp"
#include "eventstore/audit/tree_head_file.hpp"
#include "eventstore/audit/verify.hpp"
#include "eventstore/codec/jcs.hpp"
#include "eventstore/postgres/store/tree_heads.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::app {
namespace {

namespace audit = eventstore::audit;
using eventstore::RecordedEvent;

constexpr std::int32_t kBatch = 5'000;

struct WrongUsage : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// "1 event", "2 events".
template <class Number>
std::string told(Number count, std::string_view what) {
    return std::to_string(count) + ' ' + std::string(what) + (count == 1 ? "" : "s");
}

// Of a small file: a key, a manifest.
std::string text_of(const std::string& path) {
    constexpr std::size_t kMax = 64 * 1024;
    std::ifstream in(path, std::ios::binary);
    std::string text(kMax + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad() || !in.eof()) {
        const bool long_one = in.good();
        throw std::runtime_error(long_one ? path + " is above 64 KiB: it is no key or manifest" : "can't read " + path);
    }
    text.resize(static_cast<std::size_t>(in.gcount()));
    return text;
}

// A key as it is printed by `audit key`, or the name of a file with such keys, a line each.
std::vector<security::NoteKey> keys_of(const std::string& given) {
    auto key = security::parse_note_key(given);
    if (key) return {std::move(*key)};
    if (::access(given.c_str(), R_OK) != 0) throw WrongUsage("--key " + given + ": " + key.error());
    std::vector<security::NoteKey> keys;
    std::istringstream lines(text_of(given));
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        if (line.find_first_not_of(" \r\t") == line.npos) continue;
        auto one = security::parse_note_key(line);
        if (!one) throw WrongUsage("--key " + given + ", line " + std::to_string(number) + ": " + one.error());
        keys.push_back(std::move(*one));
    }
    if (keys.empty()) throw WrongUsage("--key " + given + ": there is no key in it");
    return keys;
}

// Whoever names keys trusts these: one that has ended for them may be in the keyring still, or a stranger's.
audit::OpenNote opener_for(const Environment& environment, const VerifyAudit& options) {
    std::vector<security::NoteKey> keys;
    for (const std::string& given : options.keys)
        for (security::NoteKey& key : keys_of(given)) keys.push_back(std::move(key));
    if (!keys.empty()) return opener(nullptr, std::move(keys));
    const auto config = read_config(environment, {});
    if (!config || config->keyring_file.empty())
        throw WrongUsage("--against needs the verifying key: give --key, or set KEYLEDGER_KEYRING_FILE");
    auto loaded = security::Keyring::load(config->keyring_file);
    if (!loaded) throw std::runtime_error(loaded.error().message);
    return opener(std::move(*loaded));
}

// Without a keyring nobody here can check one: the newest that looks like a head goes with the export.
audit::OpenNote opener_of(const Config& config) {
    if (config.keyring_file.empty())
        return [](std::string_view note) -> Result<std::string, std::string> {
            return std::string(note.substr(0, note.find("\n\n") + 1));
        };
    auto keyring = security::Keyring::load(config.keyring_file);
    if (!keyring) throw std::runtime_error(keyring.error().message);
    return opener(*keyring);
}

struct Heads {
    std::vector<audit::TreeHead> of_this_log;
    std::size_t of_other_logs = 0;
};

// Every head in the files. One that can't be verified is an error: it may be the one that would have told.
Heads read_heads(const VerifyAudit& options, const audit::OpenNote& open, const Uuid& log_id) {
    Heads heads;
    for (const std::string& path : options.against) {
        if (::access(path.c_str(), R_OK) != 0) throw WrongUsage("--against " + path + ": it can't be read");
        const auto notes = audit::read_notes(path);
        if (!notes) throw std::runtime_error(notes.error());
        if (notes->torn > 0) std::cerr << path << ": " << notes->torn << " pieces are no notes and are left out\n";
        if (notes->notes.empty()) throw WrongUsage("--against " + path + ": there is no tree head in it");
        for (const std::string& note : notes->notes) {
            const auto head = audit::open_tree_head(note, open);
            if (!head) throw std::runtime_error(path + ": a tree head can't be used: " + head.error());
            if (head->head.log_id == log_id) heads.of_this_log.push_back(head->head);
            else ++heads.of_other_logs;
        }
    }
    if (!options.against.empty() && heads.of_this_log.empty())
        throw std::runtime_error("none of the tree heads is of log " + log_id.to_string() +
                                 ": another log was put in this one's place, or it was restored and has a new id");
    return heads;
}

struct AuditReading {
    Uuid log_id;
    Position head = 0;
    audit::Verification verification;
    Heads heads;
};

AuditReading look_at_database(const Environment& environment, const Config& config, const VerifyAudit& options) {
    Log log(config);
    AuditReading looked;
    const eventstore::Head head = log.head();
    looked.log_id = head.log_id;
    looked.head = head.cursor.position;
    if (!options.against.empty()) looked.heads = read_heads(options, opener_for(environment, options), head.log_id);
    audit::Verifier verifier(looked.heads.of_this_log);
    looked.verification = log.run(audit::verify(log.store(), verifier, looked.head, Progress("audit verify")));
    return looked;
}

AuditReading look_at_file(const Environment& environment, const VerifyAudit& options) {
    const audit::Manifest manifest = audit::parse_manifest(text_of(audit::manifest_path(options.file)));
    AuditReading looked;
    looked.log_id = manifest.log_id;
    looked.head = manifest.events;
    if (!options.against.empty()) looked.heads = read_heads(options, opener_for(environment, options), manifest.log_id);
    audit::Verifier verifier(looked.heads.of_this_log);
    audit::ExportReader reader(options.file);
    Progress progress("audit verify");
    std::optional<audit::BadRecord> unreadable;
    try {
        while (const auto event = reader.next()) {
            if (!verifier.take(*event)) break;
            if (reader.line() % kBatch == 0) progress(reader.line(), manifest.events);
        }
    } catch (const eventstore::CodecError& error) {
        unreadable = audit::BadRecord{reader.line(), std::string("can't be read: ") + error.what()};
    }
    looked.verification = verifier.finish();
    auto& verification = looked.verification;
    if (unreadable) {
        verification.first_bad = unreadable;
        verification.bad_interval.reset();
    } else if (verification.good() && verification.checked != manifest.events) {
        verification.first_bad =
            audit::BadRecord{verification.checked + 1, "is not in the file, or not in its manifest"};
    } else if (verification.good() && verification.root != manifest.root) {
        verification.bad_interval = audit::BadInterval{1, verification.checked, "they are not those of the manifest"};
    }
    return looked;
}

void print_json(const AuditReading& looked, bool against) {
    const auto& verification = looked.verification;
    api::JsonText json;
    json.boolean("consistent", verification.good())
        .text("log_id", looked.log_id.to_string())
        .number("head", looked.head)
        .number("checked", verification.checked)
        .text("root_hash", security::hex_encode(security::view_of(verification.root)))
        .boolean("against_tree_head", against)
        .number("tree_heads", static_cast<std::int64_t>(verification.heads_held));
    json.boolean("authenticated", verification.authenticated).begin_array("disavowed");
    for (const audit::DisavowedRecord& record : verification.disavowed)
        json.begin_object()
            .number("position", record.position)
            .text("stream_id", record.stream_id.to_string())
            .number("version", record.version)
            .end_object();
    json.end_array();
    if (!verification.lacking_key.empty()) json.text("keyring_lacks", verification.lacking_key);
    if (verification.first_bad)
        json.number("first_bad_position", verification.first_bad->position)
            .text("reason", verification.first_bad->reason);
    if (verification.bad_interval)
        json.begin_object("bad_interval")
            .number("first", verification.bad_interval->first)
            .number("last", verification.bad_interval->last)
            .text("reason", verification.bad_interval->reason)
            .end_object();
    std::cout << json.finish() << '\n';
}

void print_text(const AuditReading& looked, bool against) {
    const auto& verification = looked.verification;
    if (!verification.lacking_key.empty()) {
        std::cout << "Not looked at to the end: position " << verification.first_bad->position << ' '
                  << verification.first_bad->reason << ". Run it again with the newest keyring.\n"
                  << told(verification.checked, "event") << " before it held.\n";
    } else if (const auto& bad = verification.first_bad) {
        std::cout << "BAD: position " << bad->position << ' ' << bad->reason << ".\n"
                  << told(verification.checked, "event") << " before it held.\n";
    } else if (const auto& interval = verification.bad_interval) {
        std::cout << "BAD: positions " << interval->first << " to " << interval->last << ": " << interval->reason
                  << ".\n"
                  << told(verification.heads_held, "tree head") << " before them held.\n";
    } else if (against) {
        std::cout << "Good: " << told(verification.checked, "event") << " of log " << looked.log_id.to_string()
                  << " agree with " << told(verification.heads_held, "signed tree head") << ".\n";
        const auto& heads = looked.heads.of_this_log;
        const Position last = std::ranges::max(heads, {}, &audit::TreeHead::size).size;
        if (last < verification.checked)
            std::cout << "The last head covers position " << last
                      << "; what follows it is internally consistent only.\n";
    } else {
        std::cout << "Internally consistent only: " << told(verification.checked, "event") << " of log "
                  << looked.log_id.to_string() << ", positions 1 to " << looked.head << ".\n"
                  << "Without a tree head kept outside the database (--against) this can't show that nothing was "
                     "rewritten with mended hashes, or cut off at the end.\n";
    }
    if (!verification.authenticated && verification.checked > 0)
        std::cout << "Who wrote them was not checked: that takes the keyring and the database.\n";
    for (const audit::DisavowedRecord& record : verification.disavowed)
        std::cout << "Position " << record.position << " (stream " << record.stream_id.to_string() << ", version "
                  << record.version << ") was not written by the service, and means nothing.\n";
    if (looked.heads.of_other_logs > 0)
        std::cout << told(looked.heads.of_other_logs, "tree head") << " of other logs left out.\n";
}

// Written beside and renamed, so that a file of this name is whole.
void write_file(const std::string& path, const std::string& text) {
    const std::string draft = path + ".part";
    {
        std::ofstream out(draft, std::ios::binary | std::ios::trunc);
        out << text;
        if (!out.flush()) throw std::runtime_error("can't write " + draft);
    }
    if (::rename(draft.c_str(), path.c_str()) != 0) throw std::runtime_error("can't replace " + path);
}

}  // namespace

Exit verify_audit(const Environment& environment, const VerifyAudit& options) try {
    AuditReading looked;
    if (options.file.empty()) {
        const auto config = require_config(environment, {ConfigPart::kDatabase});
        if (!config) return Exit::kUsage;
        looked = look_at_database(environment, *config, options);
    } else {
        looked = look_at_file(environment, options);
    }
    const bool against = !options.against.empty();
    options.format == Format::kJson ? print_json(looked, against) : print_text(looked, against);
    if (!looked.verification.lacking_key.empty()) return Exit::kFailed;  // an old copy is no sign of a crime
    return looked.verification.good() ? Exit::kGood : Exit::kFoundBad;
} catch (const WrongUsage& wrong) {
    std::cerr << "keyledger: " << wrong.what() << '\n';
    return Exit::kUsage;
}

Exit export_audit(const Environment& environment, const ExportAudit& options) {
    const auto config = require_config(environment, {ConfigPart::kDatabase});
    if (!config) return Exit::kUsage;
    if (const auto problem = reason_not_to_write(options.out, options.force)) {
        std::cerr << "keyledger: " << *problem << '\n';
        return Exit::kUsage;
    }
    Log log(*config);
    const eventstore::Head head = log.head();
    const Position last = options.to > 0 ? options.to : head.cursor.position;
    if (last > head.cursor.position) {
        std::cerr << "keyledger: the log ends at position " << head.cursor.position << '\n';
        return Exit::kUsage;
    }
    const std::string draft = options.out + ".part";
    std::ofstream out(draft, std::ios::binary | std::ios::trunc);
    if (!out) throw std::runtime_error("can't write " + draft);
    Progress progress("audit export");
    audit::Frontier frontier;
    while (frontier.size() < last) {
        const auto events = log.read(frontier.size() + 1, kBatch);
        for (const RecordedEvent& event : events) {
            if (event.position > last) break;
            if (event.position != frontier.size() + 1)
                throw std::runtime_error("position " + std::to_string(frontier.size() + 1) +
                                         " is missing: run 'keyledger audit verify'");
            out << audit::export_line(event) << '\n';
            frontier.append(event.leaf_hash);
        }
        if (events.empty()) throw std::runtime_error("the log ends too early: run 'keyledger audit verify'");
        progress(frontier.size(), last);
    }
    if (!out.flush()) throw std::runtime_error("can't write " + draft + ": is the disk full?");
    out.close();
    audit::Manifest manifest{head.log_id, frontier.size(), frontier.root(), SystemClock().now(), {}};
    eventstore::postgres::PostgresTreeHeads heads(config->database_url, configured_macs(*config));
    const auto stored = heads.load(head.log_id, opener_of(*config));
    if (stored && stored->newest && stored->newest->cursor.position <= last) manifest.tree_head = stored->newest->note;
    if (::rename(draft.c_str(), options.out.c_str()) != 0) throw std::runtime_error("can't replace " + options.out);
    write_file(audit::manifest_path(options.out), audit::manifest_text(manifest));
    if (options.format == Format::kJson) {
        api::JsonText json;
        json.text("file", options.out)
            .text("log_id", head.log_id.to_string())
            .number("events", manifest.events)
            .text("root_hash", security::hex_encode(security::view_of(manifest.root)));
        std::cout << json.finish() << '\n';
    } else {
        std::cout << "Wrote " << told(manifest.events, "event") << " of log " << head.log_id.to_string() << " to "
                  << options.out << ", and its manifest.\n";
    }
    return Exit::kGood;
}

Exit show_audit_key(const Environment& environment, bool all) {
    const auto config = require_config(environment, {ConfigPart::kDatabase, ConfigPart::kKeyring});
    if (!config) return Exit::kUsage;
    const auto keyring = security::Keyring::load(config->keyring_file);
    if (!keyring) throw std::runtime_error(keyring.error().message);
    Log log(*config);
    const Uuid log_id = log.head().log_id;
    const Instant now = SystemClock().now();
    if (!all) std::cout << verifying_key(**keyring, log_id, now).to_string() << '\n';
    for (const security::Key& key : (*keyring)->keys()) {
        if (key.purpose != security::KeyPurpose::kTreeHeads || !key.signing) continue;
        if (all) std::cout << security::note_key(audit::origin_of(log_id), *key.signing).to_string() << '\n';
        if (!all && key.use_from > now)
            std::cerr << "keyledger: from " << api::rfc3339(key.use_from)
                      << " on another key signs; --all prints it too\n";
    }
    return Exit::kGood;
}

}  // namespace keyledger::app
