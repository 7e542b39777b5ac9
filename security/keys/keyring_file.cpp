#include "security/keys/keyring_file.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "security/primitives/aead.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/random.hpp"
#include "security/primitives/secret_file.hpp"

namespace keyledger::security {
namespace {

constexpr std::size_t kKeyIdBytes = 9;

KeyringError unreadable(const std::string& path, std::string_view what) {
    return {KeyringError::Code::kUnreadable,
            "keyring " + path + ": " + std::string(what) + ": " + std::generic_category().message(errno)};
}

class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    bool is_open() const { return number_ >= 0; }
    int number() const { return number_; }

private:
    int number_;
};

std::string folder_of(const std::string& path) {
    std::string folder = std::filesystem::path(path).parent_path().string();
    return folder.empty() ? "." : folder;
}

bool write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

enum class Target { kMustBeNew, kIsReplaced };

// Whole or not at all, also when the power fails: a synced file of another name takes the path, then the
// folder is synced.
Result<void, KeyringError> write_keyring_file(const std::string& path, const std::vector<Key>& keys, Target target) {
    if (keys.size() > kMaxKeys)
        return Unexpected(KeyringError{KeyringError::Code::kTooManyKeys,
                                       "keyring " + path + " would hold more than 100 keys: revoke old ones"});
    Secret text = keyring_text(keys);
    std::string draft = path + "." + base64url_encode(random_bytes(kKeyIdBytes)) + ".new";
    Descriptor file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
    if (!file.is_open()) return Unexpected(unreadable(path, "can't be written"));
    auto given_up = [&](std::string_view what) {
        KeyringError error = unreadable(path, what);
        ::unlink(draft.c_str());
        return error;
    };
    if (!write_all(file.number(), text.reveal()) || ::fsync(file.number()) != 0)
        return Unexpected(given_up("can't be written"));
    if (target == Target::kMustBeNew) {
        // A hard link, unlike rename, refuses a name that is taken.
        if (::link(draft.c_str(), path.c_str()) != 0) {
            bool taken = errno == EEXIST;
            KeyringError error = given_up("can't be written");
            if (taken) error = {KeyringError::Code::kExists, "keyring " + path + " exists and is left as it is"};
            return Unexpected(std::move(error));
        }
        ::unlink(draft.c_str());
    } else if (::rename(draft.c_str(), path.c_str()) != 0) {
        return Unexpected(given_up("can't be replaced"));
    }
    Descriptor folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.is_open() || ::fsync(folder.number()) != 0)
        return Unexpected(unreadable(path, "its folder can't be synced"));
    return {};
}

std::string new_key_id() {
    // Never starting with '-', so that a command line can take it.
    for (;;) {
        std::string id = base64url_encode(random_bytes(kKeyIdBytes));
        if (id.front() != '-') return id;
    }
}

Key new_key(KeyPurpose purpose, std::optional<SigningAlgorithm> algorithm, Instant now, Instant use_from) {
    Key key;
    key.id = new_key_id();
    key.purpose = purpose;
    key.created_at = now;
    key.use_from = use_from;
    key.algorithm = algorithm ? name_of(*algorithm) : algorithm_for(purpose);
    if (algorithm) key.signing = std::make_shared<const SigningKey>(SigningKey::generate(*algorithm));
    else key.material = random_secret(kAeadKeySize);
    return key;
}

// Reads, changes and writes under a lock, so that two commands at once can't lose a key.
template <class Change>
Result<std::string, KeyringError> changed_keyring_file(const std::string& path, Change change) {
    Descriptor folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.is_open() || ::flock(folder.number(), LOCK_EX) != 0)
        return Unexpected(unreadable(path, "its folder can't be locked"));
    auto keys = read_keyring_file(path);
    if (!keys) return Unexpected(keys.error());
    Result<std::string, KeyringError> outcome = change(*keys);
    if (!outcome) return outcome;
    auto written = write_keyring_file(path, *keys, Target::kIsReplaced);
    if (!written) return Unexpected(written.error());
    return outcome;
}

// An ended key goes with its material; that a key was revoked stays on record for a while.
bool is_forgotten(const Key& key, Instant now) {
    if (key.revoked_at) return *key.revoked_at + kSealingRootRetention <= now;
    return key.has_ended(now);
}

// The algorithm for a successor: as asked, else as its predecessor's; none for purposes that don't sign.
std::optional<SigningAlgorithm> successor_algorithm(const std::vector<Key>& keys, KeyPurpose purpose,
                                                    std::optional<SigningAlgorithm> asked) {
    if (purpose == KeyPurpose::kTreeHeads) return SigningAlgorithm::kEdDsa;
    if (purpose == KeyPurpose::kIdTokens) return SigningAlgorithm::kRs256;
    if (purpose != KeyPurpose::kTokenSigning) return std::nullopt;
    if (asked) return asked;
    const Key* last = nullptr;
    for (const Key& key : keys)
        if (key.purpose == purpose && (!last || key.use_from > last->use_from)) last = &key;
    return last ? signing_algorithm_named(last->algorithm) : SigningAlgorithm::kEs256;
}

// After a revocation: the published successor takes over early, for nodes and clients know it already; else a
// new key.
void fill_vacancy(std::vector<Key>& keys, KeyPurpose purpose, Instant now) {
    Key* next = nullptr;
    for (Key& key : keys) {
        bool serves = key.purpose == purpose && !key.revoked_at && (!key.retired_at || *key.retired_at > now);
        if (serves && (!next || key.use_from < next->use_from)) next = &key;
    }
    if (!next) keys.push_back(new_key(purpose, successor_algorithm(keys, purpose, std::nullopt), now, now));
    else if (next->use_from > now) next->use_from = now;
}

}  // namespace

Result<std::vector<Key>, KeyringError> read_keyring_file(const std::string& path) {
    Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.is_open()) return Unexpected(unreadable(path, "can't be opened"));
    struct stat status = {};
    if (::fstat(file.number(), &status) != 0) return Unexpected(unreadable(path, "can't be examined"));
    if (!S_ISREG(status.st_mode))
        return Unexpected(KeyringError{KeyringError::Code::kUnreadable, "keyring " + path + " is not a regular file"});
    if (auto unsafe = what_is_wrong_with_secret_file(path, status))
        return Unexpected(KeyringError{KeyringError::Code::kUnsafePermissions, "keyring " + std::move(*unsafe)});
    std::string text(kMaxKeyringSize + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        ssize_t got = ::read(file.number(), text.data() + size, text.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            KeyringError error = unreadable(path, "can't be read");
            OPENSSL_cleanse(text.data(), text.size());
            return Unexpected(std::move(error));
        }
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    text.resize(size);
    auto keys = parse_keyring(std::move(text));
    if (!keys) return Unexpected(KeyringError{keys.error().code, path + ": " + keys.error().message});
    return keys;
}

Result<void, KeyringError> generate_keyring(const std::string& path, SigningAlgorithm algorithm, Instant now) {
    std::vector<Key> keys;
    for (KeyPurpose purpose : kAllKeyPurposes)
        keys.push_back(new_key(purpose, successor_algorithm({}, purpose, algorithm), now, now));
    return write_keyring_file(path, keys, Target::kMustBeNew);
}

Result<std::string, KeyringError> complete_keyring(const std::string& path, Instant now) {
    return changed_keyring_file(path, [&](std::vector<Key>& keys) -> Result<std::string, KeyringError> {
        std::string made;
        for (KeyPurpose purpose : kAllKeyPurposes) {
            const auto serves = [&](const Key& key) { return key.purpose == purpose && !key.has_ended(now); };
            if (std::ranges::any_of(keys, serves)) continue;
            keys.push_back(new_key(purpose, successor_algorithm(keys, purpose, std::nullopt), now, now));
            made.append(made.empty() ? "" : " ").append(keys.back().id);
        }
        return made;
    });
}

Result<std::string, KeyringError> rotate_key(const std::string& path, KeyPurpose purpose, Duration lead, Instant now,
                                             std::optional<SigningAlgorithm> algorithm) {
    if (lead < Duration() || lead > kMaxRotationLead)
        throw std::invalid_argument("rotate_key: the lead time must be between 0 and 30 days");
    return changed_keyring_file(path, [&](std::vector<Key>& keys) -> Result<std::string, KeyringError> {
        std::erase_if(keys, [now](const Key& key) { return is_forgotten(key, now); });
        Key successor = new_key(purpose, successor_algorithm(keys, purpose, algorithm), now, now + lead);
        for (Key& key : keys) {
            bool gives_way =
                key.purpose == purpose && !key.revoked_at && (!key.retired_at || *key.retired_at > successor.use_from);
            if (gives_way) key.retired_at = successor.use_from;
        }
        std::string id = successor.id;
        keys.push_back(std::move(successor));
        return id;
    });
}

Result<void, KeyringError> revoke_key(const std::string& path, std::string_view id, Instant now) {
    auto revoked = changed_keyring_file(path, [&](std::vector<Key>& keys) -> Result<std::string, KeyringError> {
        auto at = std::ranges::find(keys, id, &Key::id);
        if (at == keys.end())
            return Unexpected(KeyringError{KeyringError::Code::kUnknownKey, "keyring " + path + " has no such key id"});
        if (at->revoked_at) return std::string(id);
        if (at->purpose == KeyPurpose::kEventMacs || at->purpose == KeyPurpose::kUnknown)
            return Unexpected(
                KeyringError{KeyringError::Code::kInUse,
                             "key " + at->id +
                                 " is needed for as long as there is what it authenticated: rotate event-macs, "
                                 "then close it with 'keyledger keys close'"});
        bool opens_what_is_stored = at->purpose == KeyPurpose::kKeyEncryption || at->purpose == KeyPurpose::kClaims;
        if (opens_what_is_stored && (!at->retired_at || *at->retired_at > now))
            return Unexpected(KeyringError{KeyringError::Code::kInUse,
                                           "key " + at->id + " is in use for " + std::string(name_of(at->purpose)) +
                                               ": rotate first, and re-wrap what it opens"});
        at->revoked_at = now;
        at->material = Secret();
        at->signing = nullptr;
        fill_vacancy(keys, at->purpose, now);
        return std::string(id);
    });
    if (!revoked) return Unexpected(revoked.error());
    return {};
}

}  // namespace keyledger::security
